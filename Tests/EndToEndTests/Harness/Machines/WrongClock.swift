internal import Foundation

/// The wrong time of day for one process, by a library that is loaded before all others. What it measures by is as
/// always, which Debian's libfaketime does not leave alone: with it, timers of the Swift runtime never end.
struct WrongClock {
    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>
        int clock_gettime(clockid_t clock, struct timespec *now) {
            int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(clock, now);
            const char *skew = getenv("BERTH_TEST_SKEW");
            if (!result && skew && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                now->tv_sec += atol(skew);
            return result;
        }
        int gettimeofday(struct timeval *now, void *zone) {
            struct timespec time;
            int result = clock_gettime(CLOCK_REALTIME, &time);
            now->tv_sec = time.tv_sec;
            now->tv_usec = time.tv_nsec / 1000;
            return result;
        }
        time_t time(time_t *out) {
            struct timespec time;
            clock_gettime(CLOCK_REALTIME, &time);
            if (out) *out = time.tv_sec;
            return time.tv_sec;
        }
        """#

    private let library: String

    /// Made by the compiler that Swift brings.
    init(in scratch: String) async throws {
        library = scratch + "/clock.so"
        let file = scratch + "/clock.c"
        try Data(Self.source.utf8).write(to: URL(filePath: file))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let outcome = try await Program(
            ["clang", "-shared", "-fPIC", "-o", library, file], environment: ["PATH": path], scratch: scratch
        ).end(within: .seconds(60))
        guard outcome.status == 0 else { throw Trouble("clang makes no library: \(outcome.errors)") }
    }

    /// What makes a program's clock so many seconds fast.
    func variables(seconds: Int) -> [String: String] {
        ["LD_PRELOAD": library, "BERTH_TEST_SKEW": String(seconds)]
    }
}
