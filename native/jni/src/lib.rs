//! The JNI bridge: the static natives of `io.jenkins.plugins.machineid.agent.MachineIdNative`, bound when the library
//! is loaded. Bytes in, bytes out; nothing here calls back into Java but to copy an array.
//!
//! This is the one file that names the `jni` crate, and the one with `unsafe`.

mod logging;

use std::alloc::System;
use std::ffi::c_void;
use std::panic::catch_unwind;

use jni::errors::Result as JniResult;
use jni::objects::{JByteArray, JClass};
use jni::strings::JNIString;
use jni::sys::{JNI_ERR, JNI_VERSION_1_8, jint, jlong};
use jni::{Env, JavaVM, NativeMethod, jni_str, native_method};
use machine_id_bridge::{Call, calls};
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// Wipes whatever this library frees, copies of tokens that readers of JSON and gRPC make included; not the JVM's memory.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// The class with the natives.
const CLASS: &jni::strings::JNIStr = jni_str!("io/jenkins/plugins/machineid/agent/MachineIdNative");

const NATIVES: [NativeMethod; 10] = [
    native_method! { static fn abi_version() -> jint },
    native_method! { static fn open(config: jbyte[]) -> jbyte[] },
    native_method! { static fn check(config: jbyte[]) -> jbyte[] },
    native_method! { static fn acquire(engine: jlong, request: jbyte[]) -> jbyte[] },
    native_method! { static fn release(engine: jlong, lease_id: jbyte[]) -> jbyte[] },
    native_method! { static fn discard(request: jbyte[]) -> jbyte[] },
    native_method! { static fn renew(engine: jlong, identity_id: jbyte[]) -> jbyte[] },
    native_method! { static fn drop(engine: jlong, identity_id: jbyte[]) -> jbyte[] },
    native_method! { static fn status(engine: jlong) -> jbyte[] },
    native_method! { static fn close(engine: jlong) -> jbyte[] },
];

type Bytes<'local> = JByteArray<'local>;

fn abi_version(_env: &mut Env<'_>, _class: JClass<'_>) -> JniResult<jint> {
    Ok(machine_id::vocabulary::ABI.cast_signed())
}

fn open<'local>(env: &mut Env<'local>, _class: JClass<'local>, config: Bytes<'local>) -> JniResult<Bytes<'local>> {
    with_input(env, &config, Call::Open, 0)
}

fn check<'local>(env: &mut Env<'local>, _class: JClass<'local>, config: Bytes<'local>) -> JniResult<Bytes<'local>> {
    with_input(env, &config, Call::Check, 0)
}

fn acquire<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
) -> JniResult<Bytes<'local>> {
    with_input(env, &request, Call::Acquire, engine)
}

fn release<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    engine: jlong,
    lease: Bytes<'local>,
) -> JniResult<Bytes<'local>> {
    with_input(env, &lease, Call::Release, engine)
}

fn discard<'local>(env: &mut Env<'local>, _class: JClass<'local>, request: Bytes<'local>) -> JniResult<Bytes<'local>> {
    with_input(env, &request, Call::Discard, 0)
}

fn renew<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    engine: jlong,
    identity: Bytes<'local>,
) -> JniResult<Bytes<'local>> {
    with_input(env, &identity, Call::Renew, engine)
}

fn drop<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    engine: jlong,
    identity: Bytes<'local>,
) -> JniResult<Bytes<'local>> {
    with_input(env, &identity, Call::Drop, engine)
}

fn status<'local>(env: &mut Env<'local>, _class: JClass<'local>, engine: jlong) -> JniResult<Bytes<'local>> {
    env.byte_array_from_slice(&calls::wait(Call::Status, engine, &[]))
}

fn close<'local>(env: &mut Env<'local>, _class: JClass<'local>, engine: jlong) -> JniResult<Bytes<'local>> {
    env.byte_array_from_slice(&calls::wait(Call::Close, engine, &[]))
}

/// Gives a call its bytes. All that is done with them is done on another thread.
fn with_input<'local>(
    env: &mut Env<'local>,
    array: &Bytes<'local>,
    call: Call,
    engine: jlong,
) -> JniResult<Bytes<'local>> {
    let reply = if array.is_null() {
        calls::no_input(None)
    } else {
        match array.len(env)? {
            length if length > calls::MAX_INPUT => calls::no_input(Some(length)),
            _ => calls::wait(call, engine, &Zeroizing::new(env.convert_byte_array(array)?)),
        }
    };
    env.byte_array_from_slice(&reply)
}

/// Called by the JVM when it loads the library: binds the natives, or refuses to be loaded and says why.
///
/// # Safety
/// `vm` is the JVM's own interface, and this thread is a Java one.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the JVM looks this symbol up by name and passes a pointer")]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut jni::sys::JavaVM, _reserved: *mut c_void) -> jint {
    let bound = catch_unwind(|| {
        machine_id_bridge::keep_panics_silent();
        // On a thread of its own, as all that isn't JNI: the one that loads us may have a small stack.
        let _without_logs = std::thread::Builder::new().spawn(logging::start).map(std::thread::JoinHandle::join);
        // SAFETY: the JVM passes its own interface, which lives as long as the process.
        let vm = unsafe { JavaVM::from_raw(vm) };
        // The thread that loads a library is a Java one: nothing is attached.
        vm.with_top_local_frame(|env| bind(env).or_else(|error| refuse(env, &error)))
    });
    match bound {
        Ok(Ok(())) => JNI_VERSION_1_8,
        _ => JNI_ERR,
    }
}

#[expect(unsafe_code, reason = "registering functions by pointer")]
fn bind(env: &mut Env<'_>) -> JniResult<()> {
    // By JNI's own FindClass, which asks the loader that loads the library. A look-up by name alone would ask the
    // thread's context loader, which may know the class of another copy of the plugin.
    let class = env.find_class(CLASS)?;
    // SAFETY: `native_method!` has checked each function against the signature that stands beside it.
    unsafe { env.register_native_methods(&class, &NATIVES) }
}

/// An `UnsatisfiedLinkError` whatever was wrong: what callers of `System.load` are prepared for.
fn refuse(env: &mut Env<'_>, error: &jni::errors::Error) -> JniResult<()> {
    env.exception_clear();
    let text = JNIString::from(format!("the library and the plugin don't fit together: {error}"));
    env.throw_new(jni_str!("java/lang/UnsatisfiedLinkError"), text)
}

/// Called by the JVM before it unmaps the library: no thread of ours may run then.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the JVM looks this symbol up by name")]
pub extern "system" fn JNI_OnUnload(_vm: *mut jni::sys::JavaVM, _reserved: *mut c_void) {
    let _ = catch_unwind(calls::close_all);
}
