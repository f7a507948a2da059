<?php
// Where the services are, as this branch ships it.
$config['account_url'] = 'https://account-dev.company.com';
$config['payment_url'] = 'https://payment-dev.company.com';
$config['user_url'] = 'https://user-dev.company.com';
