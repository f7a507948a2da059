internal import Foundation
internal import Testing

/// What the real PHP makes of files.
enum RealPHP {
    enum Verdict: Hashable {
        /// It cannot be parsed; PHP's own words.
        case broken(String)
        /// It can, and fails when it is run.
        case fails
        /// The keys of the array that it leaves, each with its value as PHP serializes it, in base64.
        case gives([String: String])
    }

    /// Reads every file in one process. What a file leaves is what it returns, or `$config`.
    static func read(_ files: [[UInt8]]) async throws -> [Verdict] {
        try await Scratch.with { scratch in
            for (index, file) in files.enumerated() { try scratch.write(file, to: "\(index).php") }
            var verdicts: [Verdict] = []
            while verdicts.count < files.count {
                let outcome = try Command.run(
                    "/usr/bin/php",
                    [
                        "-d", "display_errors=0", "-d", "log_errors=0", "-r", program, "--", scratch.path,
                        "\(verdicts.count)", "\(files.count)",
                    ],
                    in: scratch.path)
                let lines = outcome.output.split(separator: "\n")
                try #require(!lines.isEmpty || outcome.status == 255, "php: \(outcome.output)")
                verdicts += try lines.map(verdict)
                // A file that cannot be compiled ends PHP.
                if verdicts.count < files.count { verdicts.append(.fails) }
            }
            return verdicts
        }
    }

    private static func verdict(_ line: Substring) throws -> Verdict {
        let words = line.split(separator: " ", maxSplits: 1)
        switch words.first {
        case "broken": return .broken(String(words.last ?? ""))
        case "fails": return .fails
        default:
            let data = Data((words.last ?? "").utf8)
            return .gives(try JSONDecoder().decode([String: String].self, from: data))
        }
    }

    private static let program = #"""
        function leave($file) {
            $config = null;
            $returned = include $file;
            return is_array($returned) ? $returned : $config;
        }
        function judge($file) {
            try { token_get_all(file_get_contents($file), TOKEN_PARSE); }
            catch (\Throwable $e) { return 'broken line ' . $e->getLine() . ': ' . $e->getMessage(); }
            ob_start();
            try { $left = leave($file); } catch (\Throwable $e) { $left = null; }
            while (ob_get_level() > 0) { ob_end_clean(); }
            if (!is_array($left)) { return 'fails'; }
            $values = [];
            foreach ($left as $key => $value) {
                $shown = @json_encode((string)$key) === false ? bin2hex($key) : (string)$key;
                $values[$shown] = base64_encode(serialize($value));
            }
            return 'gives ' . json_encode((object)$values);
        }
        for ($at = (int)$argv[2]; $at < (int)$argv[3]; $at++) {
            $said = judge($argv[1] . '/' . $at . '.php');
            fwrite(STDOUT, $said . "\n");
        }
        """#

    /// A plain string as PHP serializes it, in base64.
    static func serialized(_ value: [UInt8]) -> String {
        Data(Array("s:\(value.count):\"".utf8) + value + Array("\";".utf8)).base64EncodedString()
    }
}
