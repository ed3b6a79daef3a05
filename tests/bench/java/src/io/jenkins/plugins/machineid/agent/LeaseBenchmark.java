package io.jenkins.plugins.machineid.agent;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Calls through JNI, each timed by itself. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LeaseBenchmark {
    /** An open engine whose certificate is in the cache. */
    @State(Scope.Benchmark)
    public static class Open {
        Engine engine;

        /** Joins, where the identity isn't there yet. */
        @Setup
        public void open() throws Exception {
            Engine.load();
            engine = new Engine();
            engine.release(engine.acquire(0));
        }

        @TearDown
        public void close() {
            engine.close();
        }
    }

    /** The lease that a call takes or ends, so that the other half isn't timed. */
    @State(Scope.Thread)
    public static class Held {
        String lease;

        @TearDown(Level.Invocation)
        public void release(Open open) {
            open.engine.release(lease);
        }
    }

    /** A lease that is there to be ended. */
    @State(Scope.Thread)
    public static class Taken {
        String lease;

        @Setup(Level.Invocation)
        public void acquire(Open open) {
            lease = open.engine.acquire(0);
        }
    }

    @Benchmark
    public void acquire(Open open, Held held) {
        held.lease = open.engine.acquire(0);
    }

    @Benchmark
    public void release(Open open, Taken taken) {
        open.engine.release(taken.lease);
    }

    /** The price of a call alone: hardly above the clock's own. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    public int empty(Open open) {
        return MachineIdNative.abiVersion();
    }

    /** Into the library's threads and back, and what the engine says. */
    @Benchmark
    public byte[] status(Open open) {
        return open.engine.status();
    }
}
