/* Linked into the static helper by .ci/build-native, and only there.
 *
 * A static glibc obeys nsswitch.conf by loading the modules that it names, each with the C library of the machine it
 * runs on, which is seldom the one we were linked with: that ends in a crash. What is linked in, /etc/hosts, DNS,
 * /etc/passwd and /etc/group, needs no module. */
#include <nss.h>

__attribute__((constructor)) static void look_up_names_without_modules(void)
{
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("initgroups", "files");
}
