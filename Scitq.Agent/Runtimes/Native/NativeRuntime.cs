using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Runs commands as processes of this machine, each under a small shell that outlives the agent.</summary>
internal sealed partial class NativeRuntime : IRuntime, IDisposable
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly NativeOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CgroupPool? _groups;
    private readonly string _limits;
    private readonly string? _home = Accounts.User(Posix.geteuid())?.Home;

    public NativeRuntime(NativeOptions options, TimeProvider clock, ILogger<NativeRuntime> logger)
    {
        (_options, _clock, _logger) = (options, clock, logger);
        _groups = CgroupPool.TryOpen(options, out var problem);
        if (problem is not null && options.CgroupName.Length > 0) Log.NoGroups(logger, problem);
        _limits = OfProcess(_groups?.Unset ?? [CgroupLimits.OfProcesses, CgroupLimits.OfMemory, CgroupLimits.OfCpus]);
    }

    /// <summary>The account's number of processes and each process's memory: less than a control group would do, and all that is left.</summary>
    private string OfProcess(IReadOnlyList<string> unset)
    {
        var lines = "";
        foreach (var limit in unset)
        {
            var line = (limit, _options) switch
            {
                // Shells differ in the letter.
                (CgroupLimits.OfProcesses, { ProcessLimit: { } n }) => $"ulimit -u {n} 2>/dev/null || ulimit -p {n} 2>/dev/null\n",
                (CgroupLimits.OfMemory, { MemoryLimit: { } n }) => $"ulimit -v {Math.Max(1, n / 1024)} || exit 125\n",
                (CgroupLimits.OfCpus, { CpuLimit: not null }) => ":\n",
                _ => null,
            };
            if (line is null) continue;
            lines += line;
            Log.NotLimited(_logger, limit);
        }

        return lines;
    }

    /// <summary>Removes the control groups that are not in use.</summary>
    public void Dispose() => _groups?.Dispose();

    public Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct)
    {
        Cgroup? group = null;
        try
        {
            var (directory, spec) = (request.Directory, request.Spec);
            var user = _options.Accounts.Of(spec, request.Worker);
            var home = user is null ? _home : user.Home;
            var environment = TaskEnvironment.Of(request, Directory.Exists(home) ? home : directory.Temp);
            var program = ProgramLookup.Find(spec.Argv[0], environment["PATH"], directory.Temp, request.Worker);
            var argv = Supervisor.Shorten(spec.Argv, directory.Control, user);
            // A shell would take it for an option of exec.
            if (argv[0].StartsWith('-')) argv = [program, .. argv.Skip(1)];
            var record = RunRecord.Next(directory);
            if (user is not null)
            {
                // Such a command may want to open /dev/stderr again, and says by the third whether it could be executed.
                foreach (var file in (ReadOnlySpan<string>)[directory.Stdout, directory.Stderr, record.UnstartableFile])
                {
                    using var opened = new FileStream(file, new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnersAlone,
                    });
                    Unix.SetOwner((int)opened.SafeFileHandle.DangerousGetHandle(), user.Uid, user.Gid);
                }
                File.WriteAllText(record.UnstartableFile, "not started yet\n");
            }
            group = _groups?.Take();
            var resources = spec.Resources.Count > 0 && MountNamespace.CanBeMade.Value ? directory.Resource : null;
            var pid = Spawner.Start(
                "/bin/sh\0"u8,
                ["sh", "-c", Supervisor.Script(record, group, user?.Setpriv, resources, _limits, _options.Umask), "sh", .. argv],
                [.. environment.Select(variable => $"{variable.Key}={variable.Value}")],
                directory.Temp,
                [
                    new("/dev/null", Posix.ReadOnly),
                    new(directory.Stdout, Posix.WriteOnly | Posix.Create | Posix.Append),
                    // The supervising shell's own words about the command's end do not belong into its stderr.
                    new("/dev/null", Posix.WriteOnly),
                    new(directory.Stderr, Posix.WriteOnly | Posix.Create | Posix.Append),
                ]);
            return Task.FromResult<IRun>(Started(request, record, group, pid));
        }
        catch
        {
            if (group is not null) _groups!.Return(group);
            throw;
        }
    }

    public async Task<IRun?> AdoptAsync(RunRequest request, CancellationToken ct)
    {
        if (RunRecord.Last(request.Directory) is not { } record) return await StrayAsync(request, ct);
        // The shell has made the file and writes it next; if it can't any more, the file stays empty.
        var asked = _clock.GetTimestamp();
        while (record.Started() is null && _clock.GetElapsedTime(asked) < TimeSpan.FromSeconds(2))
            await Task.Delay(TimeSpan.FromMilliseconds(10), _clock, ct);
        var started = record.Started();
        var sameBoot = started?.Boot == ProcessTable.BootId;
        // Where the program before was this very process, the shell is its child.
        if (sameBoot) Bury(started!.Value.Pid);
        var group = sameBoot ? Cgroup.Open(started!.Value.Groups) : null;
        var processes = new TaskProcesses(group, started is { Pid: var pid } && sameBoot ? pid : -1, TaskEnvironment.Lease(request));
        var watched = sameBoot ? WatchOther(started!.Value.Pid, TaskEnvironment.Lease(request)) : null;
        Log.Adopted(_logger, request.Number, watched is null ? "ended" : "running");
        return new NativeRun(
            File.GetLastWriteTimeUtc(record.StartedFile), processes, watched is { } ending ? EndedAsync(ending.Ended, started!.Value.Pid) : Task.CompletedTask,
            problem =>
            {
                var usage = group?.Usage();
                group?.Remove();
                return Exit(record, record.ExitCode(), usage, started is null
                    ? "the record of its start is torn, so whether and how the command ran is not known."
                    : sameBoot
                    ? "the shell that supervised the command was killed, so how the command ended is not known."
                    : "the machine was restarted while the command ran.", problem);
            },
            () => { if (watched is { } watch) ExitWatcher.Shared.Forget(watch.Id); },
            _clock, _options.UnkillableAfter);

        static async Task EndedAsync(Task ended, int pid)
        {
            await ended;
            Bury(pid);
        }
    }

    public async Task AbandonAsync(RunRequest request, CancellationToken ct)
    {
        try
        {
            // No start can happen any more, and the group of one that did is known.
            await using var run = await AdoptAsync(request, ct);
            if (run is not null) await run.StopAsync(TimeSpan.Zero).WaitAsync(ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await using var stray = Stray(request);
            await stray.Exit.WaitAsync(ct);
        }
    }

    /// <summary>
    /// No start is recorded, and none can be any more. Processes that bear the lease all the same are a shell that is about to find that out, or a
    /// command whose directory somebody has removed: that one has run, and may not be run again.
    /// </summary>
    private async Task<IRun?> StrayAsync(RunRequest request, CancellationToken ct)
    {
        var processes = new TaskProcesses(null, -1, TaskEnvironment.Lease(request));
        for (var since = _clock.GetTimestamp(); !processes.Gone; await Task.Delay(TimeSpan.FromMilliseconds(20), _clock, ct))
            if (_clock.GetElapsedTime(since) > TimeSpan.FromSeconds(2)) return Stray(request);
        return null;
    }

    private NativeRun Stray(RunRequest request) => new(
        _clock.GetUtcNow().UtcDateTime, new TaskProcesses(null, -1, TaskEnvironment.Lease(request)), Task.CompletedTask,
        problem => new RunExit(null, Problem: problem ?? "its directory was removed while it ran, so it was stopped."), () => { },
        _clock, _options.UnkillableAfter);

    private NativeRun Started(RunRequest request, RunRecord record, Cgroup? group, int pid)
    {
        // Not yet waited for, the number can't be another process's.
        var watch = ExitWatcher.Shared.Watch(Posix.PidFd(pid));
        var (status, usage) = (default(int?), default(CgroupUsage?));
        return new NativeRun(
            _clock.GetUtcNow().UtcDateTime, new TaskProcesses(group, pid, TaskEnvironment.Lease(request)), EndedAsync(),
            problem =>
            {
                usage = group?.Usage() ?? usage;
                if (group is not null && problem is null) _groups!.Return(group);
                return Exit(record, status is { } s && (s & 0x7f) == 0 ? s >> 8 & 0xff : record.ExitCode(), usage,
                    $"the shell that supervised the command was killed by signal {status & 0x7f} (a command can do that with kill 0), "
                    + "so how the command ended is not known.", problem);
            },
            () => ExitWatcher.Shared.Forget(watch.Id),
            _clock, _options.UnkillableAfter);

        async Task EndedAsync()
        {
            await watch.Ended;
            (status, usage) = Reap(pid);
        }
    }

    private static RunExit Exit(RunRecord record, int? code, CgroupUsage? usage, string lost, string? problem)
    {
        const string notWritten = "the command was not started: that could not be written down in the work directory.";
        // The shell first writes down that it starts, and goes no further if it can't.
        if (code is 125 && record.Started() is null) return new RunExit(null, Problem: notWritten, Failure: FailureClass.Start);
        // The shell's codes for what it could not do; they are also codes a command may choose.
        if (code is 125 or 126 or 127 && record.Unstartable)
            return new RunExit(null, Problem: "the command could not be executed: its stderr says why.", Failure: FailureClass.Start);
        if (code is not null && usage is { ForksRefused: true })
            problem ??= "the command met its limit of processes (the agent's --task-pids), and could not start more.";
        return new RunExit(code, usage?.OomKilled ?? false, usage?.PeakMemory, usage?.CpuSeconds, problem ?? (code is null ? lost : null));
    }

    /// <summary>Takes the end of a child that has ended; of another process nothing.</summary>
    private static unsafe void Bury(int pid) => _ = Posix.wait4(pid, out _, Posix.NoHang, null);

    private static unsafe (int? Status, CgroupUsage? Usage) Reap(int pid)
    {
        // struct rusage: user time, system time, the largest process in KiB, …
        var usage = stackalloc long[18];
        int status;
        while (Posix.wait4(pid, out status, 0, usage) < 0)
        {
            // Where this process was started to ignore the end of its children, the kernel has reaped it; its record is there.
            if (Marshal.GetLastPInvokeError() != Posix.Eintr) return default;
        }
        // A new process counts the memory it was made from, the agent's, as its own peak: only what is above that is the command's.
        var own = stackalloc long[18];
        var peak = Posix.getrusage(0, own) == 0 && usage[4] > own[4] ? usage[4] * 1024 : default(long?);
        return (status, new CgroupUsage(peak, usage[0] + usage[2] + (usage[1] + usage[3]) / 1e6, false));
    }

    private static (long Id, Task Ended)? WatchOther(int pid, string lease)
    {
        var pidfd = Posix.PidFd(pid);
        if (pidfd < 0) return null;
        if (ProcessTable.HasVariable(pid, TaskEnvironment.LeaseName, lease)) return ExitWatcher.Shared.Watch(pidfd);
        // The number has become another process's.
        _ = Posix.close(pidfd);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Native tasks run without control groups ({Reason}): processes they leave behind are found by their environment, and memory is not accounted for")]
        public static partial void NoGroups(ILogger logger, string reason);

        [LoggerMessage(3, LogLevel.Warning,
            "A task's {Limit} can't be limited by control groups here: the kernel's limits of accounts and processes are set instead, which hold less")]
        public static partial void NotLimited(ILogger logger, string limit);

        [LoggerMessage(2, LogLevel.Information, "Found task {Task} of an earlier agent process: {State}")]
        public static partial void Adopted(ILogger logger, long task, string state);
    }
}
