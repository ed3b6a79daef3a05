// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Chooses who does the library's work, once per class loader: the packaged library, after its digest was checked; a child
 * process where the platform doesn't let the JVM load it.
 */
final class NativeLibrary {
    /** System property of the agent's JVM: {@code child} or {@code library}; else what the platform allows. */
    static final String FORCED = "machineid.bridge";

    private static final Logger LOGGER = Logger.getLogger(NativeLibrary.class.getName());
    /** What a child process helps against. */
    private static final Set<Reason> PLATFORMS = Set.of(Reason.MUSL, Reason.GLIBC, Reason.NOEXEC, Reason.LOAD);

    private static NativeLibrary loaded;

    private final NativeApi api;
    private final String platform;
    private final boolean child;
    private final Reason because;

    private NativeLibrary(NativeApi api, String platform, boolean child, Reason because) {
        this.api = api;
        this.platform = platform;
        this.child = child;
        this.because = because;
    }

    NativeApi api() {
        return api;
    }

    Service service() {
        return new Service(child, because, api.losses());
    }

    /**
     * Whoever does the work, chosen at the first call.
     *
     * @param root the agent's root directory
     */
    static synchronized NativeLibrary load(Path root) throws NativeUnavailableException {
        if (loaded == null) {
            String platform = packaged();
            loaded = choose(root, platform, NativeFiles.packaged(platform), System.getProperty(FORCED, ""));
        }
        return loaded;
    }

    private static NativeLibrary choose(Path root, String platform, NativeFiles files, String forced)
            throws NativeUnavailableException {
        if (forced.equals("child")) {
            return byChild(root, platform, files, null);
        }
        try {
            Platform.requireLoadable(platform, maps());
            NativeFiles.Unpacked unpacked = files.unpack(root);
            NativeApi api = bind(unpacked.library());
            // What was loaded can't be looked at any more; what stands there now is the next best.
            unpacked.verifyLibrary();
            return new NativeLibrary(api, platform, false, null);
        } catch (NativeUnavailableException e) {
            if (!PLATFORMS.contains(e.getReason()) || forced.equals("library")) {
                throw e;
            }
            return byChild(root, platform, files, e);
        }
    }

    /** @param why the library can't be loaded; null: nobody has tried */
    private static NativeLibrary byChild(Path root, String platform, NativeFiles files, NativeUnavailableException why)
            throws NativeUnavailableException {
        ChildPlaces places = new ChildPlaces(files, root);
        ChildApi api = new ChildApi(places::start);
        try {
            api.startNow();
        } catch (NativeUnavailableException e) {
            throw e;
        } catch (IOException e) {
            String first = why == null ? "" : why.getMessage() + "; ";
            throw new NativeUnavailableException(Reason.LOAD, first + "nor can a child process be started: " + e.getMessage(), e);
        }
        LOGGER.log(Level.INFO, "machine-id: the library isn''t loaded ({0}); its work is done by a child process, {1}, run from {2}", new Object[] {
            why == null ? "-D" + FORCED + "=child" : why.getMessage(), String.valueOf(api.processId()), places.chosen()
        });
        return new NativeLibrary(api, platform, true, why == null ? null : why.getReason());
    }

    private static String packaged() throws NativeUnavailableException {
        Set<String> packaged = PackagedPlatforms.names();
        if (packaged.isEmpty()) {
            throw new NativeUnavailableException(Reason.PACKAGE, "there are none: it was built without them");
        }
        return Platform.choose(packaged, System.getProperty("os.name"), System.getProperty("os.arch"));
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
