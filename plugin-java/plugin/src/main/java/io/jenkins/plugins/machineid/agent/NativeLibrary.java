// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;

/** Loads exactly one file, once per class loader: the packaged one, after its digest was checked. */
final class NativeLibrary {
    private static NativeLibrary loaded;

    private final NativeApi api;
    private final String platform;

    private NativeLibrary(NativeApi api, String platform) {
        this.api = api;
        this.platform = platform;
    }

    NativeApi api() {
        return api;
    }

    /**
     * The library, loaded at the first call, and the helper's path below this root.
     *
     * @param root the agent's root directory
     */
    static synchronized NativeLibrary load(Path root) throws NativeUnavailableException {
        if (loaded == null) {
            String platform = choose();
            NativeFiles.Unpacked files = NativeFiles.packaged(platform).unpack(root);
            NativeApi api = bind(files.library());
            // What was loaded can't be looked at any more; what stands there now is the next best.
            files.verifyLibrary();
            loaded = new NativeLibrary(api, platform);
        }
        return loaded;
    }

    private static String choose() throws NativeUnavailableException {
        Set<String> packaged = PackagedPlatforms.names();
        if (packaged.isEmpty()) {
            throw new NativeUnavailableException(Reason.PACKAGE, "there are none: it was built without them");
        }
        return Platform.choose(packaged, System.getProperty("os.name"), System.getProperty("os.arch"), maps());
    }

    /** The helper binary below a root; unpacked again if somebody removed or changed it. */
    Helper helper(Path root) throws NativeUnavailableException {
        return NativeFiles.packaged(platform).unpack(root).helper();
    }

    /** Loads a given file, whose digest the caller has checked, and compares the ABI number before anything else. */
    static NativeApi bind(Path file) throws NativeUnavailableException {
        try {
            loadFile(file);
            NativeApi api = new MachineIdNative.Bound();
            int abi = api.abiVersion();
            if (abi != MachineIdNative.ABI) {
                throw new NativeUnavailableException(Reason.ABI, "library " + abi + ", plugin " + MachineIdNative.ABI);
            }
            return api;
        } catch (UnsatisfiedLinkError e) {
            throw Platform.explain(e, String.valueOf(file.getParent()));
        }
    }

    private static void loadFile(Path file) throws NativeUnavailableException {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError e) {
            if (!String.valueOf(e.getMessage()).contains("already loaded in another classloader")) {
                throw e;
            }
            loadCopy(file);
        }
    }

    /** A JVM binds a path to one class loader; an upgraded plugin on a JVM that went on gets its own copy. */
    private static void loadCopy(Path file) throws NativeUnavailableException {
        Path copy = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
        try {
            Files.copy(file, copy);
            System.load(copy.toString());
        } catch (IOException e) {
            throw new NativeUnavailableException(Reason.DIRECTORY, copy + ": " + e, e);
        } finally {
            copy.toFile().delete();
        }
    }

    private static String maps() {
        try {
            return Files.readString(Path.of("/proc/self/maps"));
        } catch (IOException e) {
            return "";
        }
    }
}
