package io.jenkins.plugins.machineid.agent;

import static io.jenkins.plugins.machineid.agent.Checks.require;

import java.util.function.LongConsumer;

/** The same again and again, with a look at what grows. */
final class Rounds {
    /** Of the heap's and the compiler's noise; a leak of 1 kB a round would be more in 10,000. */
    private static final long TOLERATED_KB = 6 << 10;

    /** Two workers, and at most as many for blocking work as {@code blocking::THREADS} says, which end when idle. */
    private static final long MOST_THREADS = 2 + 12;

    /** Not where the processor is emulated: translated code grows in the same process. */
    private static final boolean JUDGED = Boolean.parseBoolean(System.getProperty("leaks", "true"));

    private static long number = 1_000_000;

    private Rounds() {}

    /**
     * Memory may grow once, when an allocator takes another arena, and so may descriptors, when the JVM opens a file of its
     * own; what grows each time is a leak.
     */
    static void run(String what, int rounds, LongConsumer round) throws Exception {
        batch(rounds / 5, round);
        for (int attempt = 1; ; attempt++) {
            Process before = settled();
            long start = System.nanoTime();
            batch(rounds, round);
            double micros = (System.nanoTime() - start) / 1e3 / rounds;
            Process after = settled();
            System.out.printf("     %d rounds of %s, %.0f µs each%n     before: %s%n     after:  %s%n",
                    rounds, what, micros, before, after);
            require(after.threads() <= before.threads(), "more threads than before");
            require(after.ours() <= MOST_THREADS, "too many threads of the library");
            boolean memory = after.rssKb() > before.rssKb() + TOLERATED_KB;
            boolean descriptors = after.descriptors() > before.descriptors();
            if (!JUDGED || !memory && !descriptors) {
                return;
            }
            require(attempt < 3, "more " + (memory ? "memory" : "file descriptors") + " than before, three times");
        }
    }

    private static void batch(int rounds, LongConsumer round) {
        for (int i = 0; i < rounds; i++) {
            round.accept(number++);
        }
    }

    private static Process settled() throws Exception {
        System.gc();
        return Process.settled();
    }
}
