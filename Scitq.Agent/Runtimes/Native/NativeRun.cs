namespace Scitq.Agent.Runtimes.Native;

/// <summary>A command that runs, started by this agent process or by an earlier one.</summary>
internal sealed class NativeRun : IRun
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50);

    private readonly TaskProcesses _processes;
    private readonly Task _supervisorEnded;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _unkillableAfter;
    private readonly Action _forget;
    private readonly Lock _standing = new();
    private readonly TaskCompletionSource _unkillable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private volatile bool _killing;

    /// <param name="started">When.</param>
    /// <param name="processes">Its processes.</param>
    /// <param name="supervisorEnded">Completes at the end of the supervising shell.</param>
    /// <param name="finish">Given what is wrong with the processes left (usually nothing), says how it ended.</param>
    /// <param name="forget">Stops watching.</param>
    /// <param name="clock">The time.</param>
    /// <param name="unkillableAfter">How long after KILL a process is waited for.</param>
    public NativeRun(
        DateTime started, TaskProcesses processes, Task supervisorEnded, Func<string?, RunExit> finish, Action forget,
        TimeProvider clock, TimeSpan unkillableAfter)
    {
        (Started, _processes, _supervisorEnded, _forget, _clock, _unkillableAfter) = (started, processes, supervisorEnded, forget, clock, unkillableAfter);
        Exit = SuperviseAsync(finish);
    }

    public DateTime Started { get; }

    public Task<RunExit> Exit { get; }

    public IEnumerable<int> ProcessIds => _processes.Ids;

    public Task<string> SignalAsync(int signal) => Task.Run(() => _processes.Signal(signal) switch
    {
        0 => throw new IOException("the command has no process that takes it."),
        1 => "1 process",
        var count => $"{count} processes",
    });

    public Task SuspendAsync() => Task.Run(() =>
    {
        // One that is being stopped goes on, to its end.
        lock (_standing)
            if (!_stopping) _processes.Suspend();
    });

    public Task ContinueAsync() => Task.Run(() =>
    {
        lock (_standing) _processes.Continue();
    });

    public async Task StopAsync(TimeSpan grace)
    {
        if (BeginStop() && grace > TimeSpan.Zero)
        {
            // In its first moments there may be nothing yet to receive a signal.
            for (; !Exit.IsCompleted && grace > TimeSpan.Zero; grace -= Again)
            {
                var begun = _processes.Begun;
                if (_processes.Signal(Posix.SigTerm) > 0 && begun) break;
                await Task.Delay(Again, _clock);
            }
            // One that is stopped acts on TERM when it continues.
            _processes.Continue();
            _processes.Signal(Posix.SigCont);
        }
        if (grace > TimeSpan.Zero) await Task.WhenAny(Exit, Task.Delay(grace, _clock));
        _killing = true;
        for (var since = _clock.GetTimestamp(); !Exit.IsCompleted; await Task.WhenAny(Exit, Task.Delay(Again, _clock)))
        {
            _processes.Kill();
            if (_clock.GetElapsedTime(since) > _unkillableAfter) _unkillable.TrySetResult();
        }
    }

    public ValueTask DisposeAsync()
    {
        _forget();
        return ValueTask.CompletedTask;
    }

    /// <summary>False when it is being stopped already.</summary>
    private bool BeginStop()
    {
        lock (_standing)
        {
            if (_stopping) return false;
            return _stopping = true;
        }
    }

    private async Task<RunExit> SuperviseAsync(Func<string?, RunExit> finish)
    {
        if (!_supervisorEnded.IsCompleted) await Task.WhenAny(_supervisorEnded, _unkillable.Task);
        if (_supervisorEnded.IsCompleted) _processes.SupervisorEnded();

        // Processes that the command has left behind end with it, at once unless a grace runs.
        long? killed = null;
        while (!_processes.Gone)
        {
            if (_killing || !_stopping)
            {
                killed ??= _clock.GetTimestamp();
                if (_unkillable.Task.IsCompleted || _clock.GetElapsedTime(killed.Value) > _unkillableAfter)
                    return finish(
                        $"processes of the command do not die, not even of KILL after {_unkillableAfter.TotalSeconds:0} s; "
                        + "they may wait for a disk or network file system.");
                _processes.Kill();
            }
            await Task.Delay(killed is null ? Again : TimeSpan.FromMilliseconds(2), _clock);
        }
        return finish(null);
    }
}
