using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Tells when processes end, children or not: one thread for all of them, asleep in the kernel.</summary>
internal sealed unsafe class ExitWatcher
{
    private const int Add = 1;
    private const uint Readable = 1, OneShot = 1u << 30;

    // struct epoll_event is packed on x86-64 only.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = Packed ? 12 : 16, DataOffset = Packed ? 4 : 8;
    private static readonly Lazy<ExitWatcher> SharedWatcher = new(() => new ExitWatcher());

    private readonly ConcurrentDictionary<long, (int Fd, TaskCompletionSource Ended)> _watched = new();
    private readonly int _epoll;
    private long _last;

    private ExitWatcher()
    {
        _epoll = Posix.epoll_create1(Posix.CloseOnExec);
        if (_epoll < 0) throw new InvalidOperationException($"The kernel refused to watch processes: {Marshal.GetLastPInvokeErrorMessage()}");
        new Thread(Run) { IsBackground = true, Name = "process exits" }.Start();
    }

    public static ExitWatcher Shared => SharedWatcher.Value;

    /// <summary>Completes when the process behind the descriptor, which is ours to close from now on, has ended.</summary>
    public (long Id, Task Ended) Watch(int pidfd)
    {
        var id = Interlocked.Increment(ref _last);
        // The watcher's thread must not run what waits for the end.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _watched[id] = (pidfd, ended);
        var data = stackalloc byte[EventSize];
        // Once: a process that is being spawned holds a copy of the descriptor for a moment, and keeps it ready after we closed ours.
        *(uint*)data = Readable | OneShot;
        Marshal.WriteInt64((nint)data, DataOffset, id);
        if (Posix.epoll_ctl(_epoll, Add, pidfd, data) != 0)
        {
            var error = Marshal.GetLastPInvokeErrorMessage();
            Forget(id);
            throw new InvalidOperationException($"The kernel refused to watch a process: {error}");
        }
        return (id, ended.Task);
    }

    /// <summary>Stops watching.</summary>
    public void Forget(long id)
    {
        if (_watched.TryRemove(id, out var watched)) _ = Posix.close(watched.Fd);
    }

    private void Run()
    {
        const int Most = 64;
        var events = stackalloc byte[Most * 16];
        while (true)
        {
            var count = Posix.epoll_wait(_epoll, events, Most, -1);
            for (var i = 0; i < count; i++)
            {
                // Ids, not descriptors: a number closed by Forget may already stand for another process.
                var id = Marshal.ReadInt64((nint)(events + i * EventSize), DataOffset);
                if (!_watched.TryRemove(id, out var watched)) continue;
                _ = Posix.close(watched.Fd);
                watched.Ended.SetResult();
            }
        }
    }
}
