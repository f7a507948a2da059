<?php
// The API gateway: /account/… is answered by the service account, and so on. Every request comes here.

$branch = 'main';

require __DIR__ . '/application/config/production/config.php';

// What a sandbox changes comes from outside: ACCOUNT_URL is stronger than what this branch ships.
foreach ($config as $key => $url) {
    $config[$key] = getenv(strtoupper($key)) ?: $url;
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!preg_match('#^/([a-z]+)(/.*)?$#', $path, $parts)) {
    echo "erangel-ocean $branch\n";
} elseif ($parts[1] === 'health') {
    echo "ok\n";
} elseif ($parts[1] === 'urls') {
    header('Content-Type: application/json');
    echo json_encode($config, JSON_UNESCAPED_SLASHES), "\n";
} elseif (!isset($config[$parts[1] . '_url'])) {
    http_response_code(404);
    echo "there is no service {$parts[1]}\n";
} else {
    $answer = @file_get_contents(
        $config[$parts[1] . '_url'] . ($parts[2] ?? '/'),
        false,
        stream_context_create(['http' => ['timeout' => 5]])
    );
    if ($answer === false) {
        http_response_code(502);
        $answer = "{$config[$parts[1] . '_url']} does not answer\n";
    }
    echo $answer;
}
