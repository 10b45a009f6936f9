using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Files;
using Scitq.Agent.Logs;
using Scitq.Agent.Reports;
using Scitq.Agent.Reuse;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Agent.Staging;
using Scitq.Agent.Workers;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Attempts;

/// <summary>The stages of an attempt in their order: stage, wait for a slot, run, deliver, report.</summary>
internal sealed partial class AttemptRunner(
    RuntimeSet runtimes, WorkDirectories directories, SlotGate slots, DiskRoom room, Stager stager, OutputProbe outputs, Leases leases, LogPump logs, Reporter reporter, AgentOptions options, TimeProvider time, ILogger<AttemptRunner> logger)
{
    /// <summary>Runs the attempt to its end, whatever that is, and hands back its last report; null when nothing may be said or left of it.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="adopted">Its run, when an earlier process of this agent started it.</param>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong with one attempt is its end, told to its user; the agent goes on.")]
    public async Task<AttemptReport?> RunAsync(Attempt attempt, IRun? adopted)
    {
        var outcome = new Outcome();
        try
        {
            await RunStagesAsync(attempt, adopted, outcome);
        }
        catch (OperationCanceledException) when (attempt.Stopping.IsCancellationRequested)
        {
            // Stopped before the command started, or while its output was collected.
        }
        catch (Exception e)
        {
            var (failure, reason) = Failures.Classify(e, outcome.Stage);
            if (failure is null) Unexpected(logger, e, attempt.Number);
            outcome.Fail(failure ?? FailureClass.Start, reason);
            GiveRoom(attempt);
            if (outcome.Exit is null && runtimes.CommandsRun)
            {
                Tell(attempt, reason);
                await CollectAsync(attempt, outcome);
            }
        }
        finally
        {
            outcome.Logs?.Dispose();
        }

        return End(attempt, outcome);
    }

    /// <summary>The end of an attempt of which nobody can tell any more what became of it: what is there of its output is kept, nothing is delivered.</summary>
    public async Task<AttemptReport?> LoseAsync(Attempt attempt, string problem)
    {
        var outcome = new Outcome();
        outcome.Fail(FailureClass.Lost, problem);
        MaskAgain(attempt, outcome);
        Tell(attempt, problem);
        await CollectAsync(attempt, outcome);
        outcome.Logs?.Dispose();
        return End(attempt, outcome);
    }

    private AttemptReport? End(Attempt attempt, Outcome outcome) => attempt.Cause switch
    {
        StopCause.Revoked => null,
        StopCause.Released => new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Released },
        _ => Report(attempt, outcome),
    };

    private async Task RunStagesAsync(Attempt attempt, IRun? adopted, Outcome outcome)
    {
        if (attempt.Redelivers is { } kept)
        {
            await RedeliverAsync(attempt, kept, outcome);
            return;
        }

        if (adopted is null && await TryReuseAsync(attempt, outcome)) return;
        if (adopted is not null) MaskAgain(attempt, outcome);
        var run = adopted ?? await StartAsync(attempt, outcome);
        outcome.Run = attempt.Run = run;
        outcome.Stage = AttemptStage.Running;
        outcome.Started = run.Started;
        room.Look();
        try
        {
            if (runtimes.CommandsRun) outcome.Logs = logs.Follow(attempt.Key, attempt.Directory.Stdout, attempt.Directory.Stderr, attempt.Mask);
            outcome.Exit = await WaitAsync(attempt, run, outcome);
            outcome.RunEnded = time.GetUtcNow().UtcDateTime;
            outcome.StoppedByUser = attempt.Cause == StopCause.Cancelled;
            NoteDisk(attempt, outcome);
            GiveRoom(attempt);
        }
        finally
        {
            // Its slot is the next one's now, however long its output takes.
            attempt.Stage = AttemptStage.Uploading;
            slots.Release();
        }

        Judge(attempt, outcome);
        if (attempt.Cause != StopCause.Revoked && attempt.Cause != StopCause.Cancelled && attempt.Spec.Output is { } output) await DeliverAsync(attempt, output, outcome);
        if (outcome.Logs is not null) await CollectAsync(attempt, outcome);
    }

    /// <summary>Also where people look first: at the end of the task's stderr.</summary>
    private static void Tell(Attempt attempt, string reason)
    {
        try
        {
            File.AppendAllText(attempt.Directory.Stderr, $"scitq: {reason}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full, say: the reason is in the report all the same.
        }
    }

    private async Task CollectAsync(Attempt attempt, Outcome outcome)
    {
        try
        {
            outcome.Logs ??= logs.Follow(attempt.Key, attempt.Directory.Stdout, attempt.Directory.Stderr, attempt.Mask);
            outcome.Output = await outcome.Logs.CompleteAsync(attempt.Revoked);
        }
        catch (OperationCanceledException) when (attempt.Revoked.IsCancellationRequested)
        {
            // Nothing more is said about it.
        }
    }

    private async Task<IRun> StartAsync(Attempt attempt, Outcome outcome)
    {
        var ct = attempt.Stopping;
        void Phase(string text) => reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Accepted, Phase = text });

        var owner = MakeDirectory(attempt);
        // Before anything is fetched for it, and again when it starts, for a secret may have been changed meanwhile.
        options.Secrets.Resolve(attempt.Spec.Secrets, options.Name);
        var staged = runtimes.CommandsRun ? await outputs.WhileAsync(attempt.Spec, c => FetchAsync(attempt, Phase, c), ct) : await FetchAsync(attempt, Phase, ct);
        outcome.BytesIn = attempt.BytesFetched = staged.Bytes;
        outcome.Warnings.AddRange(staged.Warnings);
        if (attempt.Spec.Inputs.Count > 0) await Task.Run(() => HandOver(attempt, owner), ct);
        await ConfirmKeyAsync(attempt, outcome, ct);
        if (slots.Free == 0) Phase("ready, waits for a free slot");
        await slots.TakeAsync(attempt.Number, Timeout.InfiniteTimeSpan, ct);
        var started = false;
        try
        {
            if (!attempt.TryStart()) throw new OperationCanceledException(ct);
            var secrets = options.Secrets.Resolve(attempt.Spec.Secrets, options.Name);
            Mask(attempt, secrets, outcome);
            var run = await runtimes.For(attempt.Spec).StartAsync(RuntimeSet.Request(attempt, options, slots.Limit, secrets), Phase, ct);
            started = true;
            reporter.Post(new AttemptReport { Key = attempt.Key, Stage = attempt.Stage = AttemptStage.Running, Started = run.Started });
            return run;
        }
        finally
        {
            if (!started) slots.Release();
        }
    }

    private Ownership MakeDirectory(Attempt attempt)
    {
        if (!runtimes.CommandsRun) return Ownership.Own;
        var owner = Ownership.Own;
        try
        {
            return owner = runtimes.OwnerOf(attempt.Spec, options.Name);
        }
        finally
        {
            // Also where it can't be started: its streams are to say why.
            directories.Create(attempt.Directory, owner);
        }
    }

    private static void HandOver(Attempt attempt, Ownership owner)
    {
        if (owner.Account is { } account) Files.HandOver.ToAccount(attempt.Directory.Input, account.Uid, account.Gid);
        else if (owner.Container) Files.HandOver.ToContainer(attempt.Directory.Input);
    }

    private async Task<Staged> FetchAsync(Attempt attempt, Action<string> phase, CancellationToken ct)
    {
        var account = runtimes.AccountOf(attempt.Spec, options.Name);
        if (attempt.Spec.DownloadTimeout is not { } seconds) return await stager.FetchAsync(attempt.Spec, attempt.Directory, phase, ct, account);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            return await stager.FetchAsync(attempt.Spec, attempt.Directory, phase, limited.Token, account);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new DownloadTimeoutException(seconds, [.. attempt.Spec.Inputs, .. attempt.Spec.Resources]);
        }
    }

    private async Task<RunExit> WaitAsync(Attempt attempt, IRun run, Outcome outcome)
    {
        using var stopping = attempt.Stopping.Register(() => run.Stop(attempt.Cause == StopCause.Revoked ? TimeSpan.Zero : options.StopGrace));
        if (attempt.Spec.RunTimeout is not { } seconds) return await run.Exit;

        // Of an adopted run, what is left since it started.
        var left = TimeSpan.FromSeconds(seconds) - (time.GetUtcNow().UtcDateTime - run.Started);
        await using var timer = time.CreateTimer(_ =>
        {
            outcome.TimedOut = true;
            run.Stop(options.StopGrace);
        }, null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return await run.Exit;
    }

    private static void Judge(Attempt attempt, Outcome outcome)
    {
        var exit = outcome.Exit!;
        var took = outcome.RunEnded!.Value - outcome.Started!.Value;
        if (attempt.Cause == StopCause.Cancelled) return;
        if (attempt.OutOfRoom is { } filled) outcome.Fail(FailureClass.Disk, filled);
        else if (outcome.TimedOut) outcome.Fail(FailureClass.Timeout, $"the command was stopped after its run timeout of {attempt.Spec.RunTimeout} s");
        else if (exit.ExitCode is null) outcome.Fail(outcome.DiskWasFull && exit.Failure is FailureClass.Start ? FailureClass.Disk : exit.Failure ?? FailureClass.Lost, exit.Problem ?? "the command ended, but nobody knows how");
        else if (exit.ExitCode != 0 && exit.OomKilled) outcome.Fail(FailureClass.Oom, $"the kernel killed the command for want of memory after {Failures.Duration(took)}; give it more memory, or run fewer at once");
        else if (exit.ExitCode != 0 && outcome.DiskWasFull) outcome.Fail(FailureClass.Disk, $"the command ended {Failures.Ending(exit.ExitCode.Value)} after {Failures.Duration(took)}, and the worker's disk was full while it ran");
        else if (exit.ExitCode != 0) outcome.Fail(FailureClass.Exit, $"the command ended {Failures.Ending(exit.ExitCode.Value)} after {Failures.Duration(took)}");
        else if (exit.OomKilled) outcome.Warnings.Add("the kernel killed a process of the command for want of memory, though the command itself ended with exit code 0");
        if (outcome.Failure is FailureClass.Disk) Tell(attempt, outcome.Reason!);
        if (exit is { ExitCode: not null, Problem: { } problem }) outcome.Warnings.Add(problem);
        if (outcome.OutputLost is not { } lost) return;
        outcome.Warnings.Add(lost);
        if (attempt.Spec.StrictOutput && outcome.Failure is null) outcome.Fail(FailureClass.Disk, $"{lost} (--strict-output)");
    }

    private async Task DeliverAsync(Attempt attempt, DataUri output, Outcome outcome)
    {
        void Phase(string? text) => reporter.Post(new AttemptReport { Key = attempt.Key, Stage = AttemptStage.Uploading, Phase = text, Started = outcome.Started });

        outcome.Stage = attempt.Stage = AttemptStage.Uploading;
        Phase(null);
        try
        {
            if (!Directory.EnumerateFileSystemEntries(attempt.Directory.Output).Any()) return;
            if (await Task.Run(() => LeftBehind.Disarm(attempt.Directory.Output)) is { } disarmed) outcome.Warnings.Add(disarmed);
            var delivered = await WithoutPlaceAsync(attempt, () => leases.WhileValidAsync(attempt.Key, ct => stager.DeliverAsync(output, attempt.Directory, Phase, ct), attempt.Stopping));
            outcome.Outputs = Stager.Manifest(delivered);
            outcome.BytesOut = delivered.Bytes;
            outcome.Warnings.AddRange(delivered.Warnings);
            if (attempt.Key.Attempt > 1 && await stager.OthersAsync(output, delivered, attempt.Key.TaskId, attempt.Stopping) is { } others) outcome.Warnings.Add(others);
        }
        catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException)
        {
            if (outcome.Failure is null) outcome.Fail(Failures.IsFull(e) ? FailureClass.Disk : FailureClass.Upload, $"{e.Message} The output is kept on worker {options.Name}.");
            else outcome.Warnings.Add($"the output could not be delivered: {e.Message}");
            // Of a redelivery no output is collected: the streams are those of the run.
            if (attempt.Redelivers is null) Tell(attempt, $"the output could not be delivered: {e.Message}");
        }
    }

    private AttemptReport Report(Attempt attempt, Outcome outcome)
    {
        // One that had ended well before it was to be stopped, and has nothing to deliver, is done.
        var cancelled = attempt.Cause == StopCause.Cancelled && (outcome.StoppedByUser || outcome.Exit?.ExitCode != 0 || outcome.Failure is not null || attempt.Spec.Output is not null);
        var failure = cancelled ? FailureClass.Cancelled : outcome.Failure;
        return new AttemptReport
        {
            Key = attempt.Key,
            Stage = AttemptStage.Ended,
            Started = outcome.Started,
            Output = outcome.Output is { Inline.Count: > 0 } output ? output.Inline : null,
            Result = new AttemptResult
            {
                Failure = failure,
                Reason = cancelled ? attempt.StopReason ?? "its user cancelled it" : outcome.Reason,
                ExitCode = outcome.Exit?.ExitCode,
                RunEnded = outcome.RunEnded,
                Finished = time.GetUtcNow().UtcDateTime,
                StdoutBytes = outcome.Output?.Stdout ?? 0,
                StderrBytes = outcome.Output?.Stderr ?? 0,
                PeakMemory = outcome.Exit?.PeakMemory,
                CpuSeconds = outcome.Exit?.CpuSeconds,
                BytesIn = outcome.BytesIn,
                BytesOut = outcome.BytesOut,
                Outputs = outcome.Outputs,
                Warnings = outcome.Warnings,
                Cache = CacheOf(attempt, outcome),
            },
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An attempt of task {Number} failed in an unforeseen way.")]
    private static partial void Unexpected(ILogger logger, Exception e, long number);

    /// <summary>What is known so far.</summary>
    private sealed class Outcome
    {
        public AttemptStage Stage { get; set; } = AttemptStage.Accepted;

        public IRun? Run { get; set; }

        public DateTime? Started { get; set; }

        public RunExit? Exit { get; set; }

        public DateTime? RunEnded { get; set; }

        public volatile bool TimedOut;

        /// <summary>Whether its command was still there when its user wanted it stopped.</summary>
        public bool StoppedByUser { get; set; }

        public bool DiskWasFull { get; set; }

        public string? OutputLost { get; set; }

        /// <summary>As a <see cref="Stopwatch"/> tells it.</summary>
        public long Begun { get; } = Stopwatch.GetTimestamp();

        public FailureClass? Failure { get; private set; }

        public string? Reason { get; private set; }

        public List<string> Warnings { get; } = [];

        public long BytesIn { get; set; }

        public long BytesOut { get; set; }

        public IReadOnlyList<OutputFile> Outputs { get; set; } = [];

        public LogPump.LogHandle? Logs { get; set; }

        public CollectedOutput? Output { get; set; }

        public CacheKey? CacheKey { get; set; }

        public long? CachedFrom { get; set; }

        public string? NotReused { get; set; }

        public void Say(string reason) => Reason = reason;

        public void Fail(FailureClass failure, string reason) => (Failure, Reason) = (failure, reason);
    }
}
