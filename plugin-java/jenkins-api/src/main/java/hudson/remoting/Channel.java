// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

import java.io.IOException;

public class Channel implements VirtualChannel {
    Channel() {}

    public static Channel current() {
        return null;
    }

    public void addListener(Listener l) {}

    @Override
    public <V, T extends Throwable> V call(Callable<V, T> callable) throws IOException, T, InterruptedException {
        return null;
    }

    @Override
    public <V, T extends Throwable> Future<V> callAsync(Callable<V, T> callable) throws IOException {
        return null;
    }

    public abstract static class Listener {
        public Listener() {}

        public void onClosed(Channel channel, IOException cause) {}
    }
}
