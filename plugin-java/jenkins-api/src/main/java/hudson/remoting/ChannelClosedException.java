// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

public class ChannelClosedException extends java.io.IOException {
    ChannelClosedException() {}
}
