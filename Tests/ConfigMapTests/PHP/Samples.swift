internal import Testing

/// Files of PHP as applications have them, and what is to be read in them.
struct ConfigSample: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    /// Keys that can be set, with their values.
    var open: [String: String] = [:]
    /// Keys that cannot, with the place and a part of the reason.
    var closed: [String: String] = [:]

    var testDescription: String { name }

    static let all: [ConfigSample] = [
        ConfigSample(
            name: "a returned array",
            text: """
                <?php
                return [
                    'account_url' => 'https://account-dev.company.com', // the account
                    'payment_url' => "https://payment-dev.company.com",
                    'retries' => 3,
                ];

                """,
            open: ["account_url": "https://account-dev.company.com", "payment_url": "https://payment-dev.company.com"]),
        ConfigSample(
            name: "assignments, as CodeIgniter has them",
            text: """
                <?php if (!defined('BASEPATH')) define('BASEPATH', '/');
                $config['base_url'] = BASEPATH . 'x';
                $config['account_url']   =   'http://a'   ;
                $config["payment_url"] = "http://p"; # why not
                $config['nested']['account_url'] = 'http://nested';
                """,
            open: ["account_url": "http://a", "payment_url": "http://p"], closed: ["base_url": "2:23 no plain string"]),
        ConfigSample(
            name: "array() with nested arrays",
            text: """
                <?php
                $config = array(
                    'services' => array('account_url' => 'http://inner', 'deep' => ['account_url' => 'http://deeper']),
                    'account_url' => 'http://outer',
                    'list' => ['a', 'b'],
                );
                $config['late_url'] = 'http://late';
                """,
            open: ["account_url": "http://outer", "late_url": "http://late"],
            closed: ["services": "no plain string", "list": "no plain string"]),
        ConfigSample(
            name: "CR LF and a byte order mark",
            text: "\u{feff}<?php\r\nreturn [\r\n  'account_url' => 'http://a',\r\n];\r\n",
            open: ["account_url": "http://a"]),
        ConfigSample(
            name: "a key twice: the last counts",
            text: """
                <?php
                $config = ['account_url' => 'http://first', 'account_url' => 'http://second'];
                $config['account_url'] = 'http://third';
                $config['account_url'] = 'http://fourth';
                """, open: ["account_url": "http://fourth"]),
        ConfigSample(
            name: "a key twice in an array",
            text: "<?php return ['account_url' => 'http://first', 'account_url' => 'http://second'];",
            open: ["account_url": "http://second"]),
        ConfigSample(
            name: "an array that replaces what was before",
            text: """
                <?php
                $config['account_url'] = 'http://forgotten';
                $config['gone_url'] = 'http://gone';
                $config = ['account_url' => 'http://a'];
                """, open: ["account_url": "http://a"]),
        ConfigSample(
            name: "keys in comments, strings and heredocs",
            text: """
                <?php
                // $config['account_url'] = 'http://comment';
                # $config['account_url'] = 'http://comment';
                /* $config['account_url'] = 'http://comment'; */
                /** 'account_url' => 'http://comment', */
                $text = "\\$config['account_url'] = 'http://string';";
                $doc = <<<TXT
                    $config['account_url'] = 'http://heredoc';
                    'account_url' => 'http://heredoc',
                    {$text} TXTs and
                    TXT;
                $now = <<<'NOW'
                $config['account_url'] = 'http://nowdoc'; {$
                NOW . 'x';
                $config['account_url'] = 'http://real';
                """.replacing("    $config['account_url'] = 'http://heredoc'", with: "    here 'http://heredoc'"),
            open: ["account_url": "http://real"]),
        ConfigSample(
            name: "quotes and escapes",
            text: #"""
                <?php
                $host = 'h';
                return [
                    'single_url' => 'it\'s \\ \n $host',
                    'double_url' => "a\"b\\c\$d\x41\u{e9}\101\q 5$ $",
                    'open_url' => "http://$host/",
                    'brace_url' => "http://{$host}/",
                    'old_url' => "http://${host}/",
                    'nested_url' => "http://{$_SERVER["argv"]["0"]}",
                    'doc_url' => <<<X
                      http://doc
                      X,
                ];
                """#,
            open: ["single_url": #"it's \ \n $host"#, "double_url": "a\"b\\c$dA\u{e9}A\\q 5$ $"],
            closed: [
                "open_url": "6:19", "brace_url": "no plain string", "old_url": "no plain string",
                "nested_url": "no plain string", "doc_url": "no plain string",
            ]),
        ConfigSample(
            name: "values that are computed",
            text: """
                <?php
                return [
                    'env_url' => getenv('X') ?: 'http://fallback',
                    'joined_url' => 'http://' . 'joined',
                    'paren_url' => ('http://paren'),
                    'cast_url' => (string) 'http://cast',
                    'plain_url' => /* here */ 'http://plain' /* there */,
                ];
                """, open: ["plain_url": "http://plain"],
            closed: [
                "env_url": "3:18 no plain string", "joined_url": "4:21", "paren_url": "5:20", "cast_url": "6:19",
            ]),
        ConfigSample(
            name: "conditions",
            text: """
                <?php
                $config['always_url'] = 'http://always';
                if (PHP_VERSION_ID > 1) { $config['block_url'] = 'http://block'; }
                if (PHP_VERSION_ID > 1) $config['line_url'] = 'http://line';
                if (PHP_VERSION_ID > 1):
                    $config['colon_url'] = 'http://colon';
                endif;
                $never = function () { $config['never_url'] = 'http://never'; return ['always_url' => 'x']; };
                $config['both_url'] = 'http://one';
                foreach ([1] as $_) { $config['both_url'] = 'http://two'; }
                $config['after_url'] = 'http://after';
                """,
            open: ["always_url": "http://always", "after_url": "http://after"],
            closed: [
                "block_url": "3:27 condition", "line_url": "4:25 condition", "colon_url": "6:5 condition",
                "both_url": "10:23 condition",
            ]),
        ConfigSample(
            name: "what may be set once more",
            text: """
                <?php
                $name = 'other_url';
                $config = ['first_url' => 'http://first'];
                $config[$name] = 'http://computed';
                $config['second_url'] = 'http://second';
                unset($config['second_url']);
                $config['third_url'] = 'http://third';
                $config['third_url'] .= '/v1';
                """,
            closed: [
                "first_url": "4:1 computed", "second_url": "6:7 removed", "third_url": "8:25 no plain string",
            ]),
        ConfigSample(
            name: "a returned variable beside others",
            text: """
                <?php
                $other = ['account_url' => 'http://other'];
                $settings = ['account_url' => 'http://mine'];
                return $settings;
                $settings['account_url'] = 'http://dead';
                """, open: ["account_url": "http://mine"]),
        ConfigSample(
            name: "arrays beside $config",
            text: """
                <?php
                $backup = ['account_url' => 'http://backup', 'old_url' => 'http://old'];
                $config['account_url'] = 'http://a';
                """, open: ["account_url": "http://a"]),
        ConfigSample(
            name: "a merge",
            text: """
                <?php
                $config['account_url'] = 'http://a';
                return array_merge($config, ['payment_url' => 'http://p']);
                """, closed: ["account_url": "3:1 computed"]),
        ConfigSample(
            name: "objects, attributes, closures and a page behind it",
            text: """
                <?php
                $thing = new #[Attribute(1)] class { public $config = ['account_url' => 'http://member']; const class_ = 'x'; };
                $thing->config['account_url'] = 'http://object';
                $f = function () { return 'account_url'; }; $g = fn($x) => ['account_url' => $x];
                $config['account_url'] = 'http://a' ?>
                <html>'account_url' => 'http://html' <?= 'x' ?>
                """, open: ["account_url": "http://a"]),
        ConfigSample(
            name: "a halt", text: "<?php\n$config['account_url'] = 'http://a';\n__halt_compiler(); 'unterminated [ /* ",
            open: ["account_url": "http://a"]),
    ]
}
