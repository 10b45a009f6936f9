using System.Runtime.InteropServices;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Starts processes, each in a session of its own, with nothing of this process in them.</summary>
internal static unsafe class Spawner
{
    // The C library has it since glibc 2.34; before, what somebody opened in this process without O_CLOEXEC is inherited (the runtime does not).
    private static readonly bool CanCloseOthers =
        NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), nameof(Posix.posix_spawn_file_actions_addclosefrom_np), out _);

    /// <summary>Where the descriptors of the new process lead, from 0 on.</summary>
    public readonly record struct Stream(string Path, int Flags);

    /// <summary>Starts a program and returns its process id.</summary>
    /// <exception cref="StartException">The kernel refused.</exception>
    public static int Start(
        ReadOnlySpan<byte> program, IReadOnlyCollection<string> argv, IReadOnlyCollection<string> environment, string workingDirectory,
        ReadOnlySpan<Stream> streams)
    {
        var actions = stackalloc byte[Posix.FileActionsSize];
        var attributes = stackalloc byte[Posix.AttributesSize];
        var signals = stackalloc byte[Posix.SignalSetSize];
        using var arguments = new CStrings(argv);
        using var variables = new CStrings(environment);
        Check(Posix.posix_spawn_file_actions_init(actions));
        Check(Posix.posix_spawnattr_init(attributes));
        try
        {
            for (var fd = 0; fd < streams.Length; fd++)
                Check(Posix.posix_spawn_file_actions_addopen(actions, fd, streams[fd].Path, streams[fd].Flags, 0b110_100_100));
            Check(Posix.posix_spawn_file_actions_addchdir_np(actions, workingDirectory));
            if (CanCloseOthers) Check(Posix.posix_spawn_file_actions_addclosefrom_np(actions, streams.Length));

            // The runtime ignores SIGPIPE, which a program would inherit, and may have blocked others.
            Check(Posix.posix_spawnattr_setflags(attributes, Posix.SpawnSetSid | Posix.SpawnSetSigDef | Posix.SpawnSetSigMask));
            Check(Posix.sigfillset(signals));
            Check(Posix.posix_spawnattr_setsigdefault(attributes, signals));
            Check(Posix.sigemptyset(signals));
            Check(Posix.posix_spawnattr_setsigmask(attributes, signals));
            fixed (byte* path = program)
            {
                Check(Posix.posix_spawn(out var pid, path, actions, attributes, arguments.Pointer, variables.Pointer));
                return pid;
            }
        }
        finally
        {
            _ = Posix.posix_spawn_file_actions_destroy(actions);
            _ = Posix.posix_spawnattr_destroy(attributes);
        }

        static void Check(int error)
        {
            if (error == 0) return;
            throw new StartException(error is Posix.NoSpace or Posix.QuotaExceeded ? FailureClass.Disk : FailureClass.Start, error == Posix.E2Big
                ? "the command could not be started: its words and environment together are longer than the kernel takes (about 2 MiB). "
                    + "Put some of it into a file."
                : $"the command could not be started: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
        }
    }
}
