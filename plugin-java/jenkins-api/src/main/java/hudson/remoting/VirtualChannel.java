package hudson.remoting;

public interface VirtualChannel {
    <V, T extends Throwable> V call(Callable<V, T> callable) throws java.io.IOException, T, InterruptedException;
}
