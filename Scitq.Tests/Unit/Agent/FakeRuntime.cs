using System.Collections.Concurrent;
using Scitq.Agent.Runtimes;

namespace Scitq.Tests.Unit.Agent;

/// <summary>Runs <c>print TEXT CODE</c> at once, and <c>wait</c> until it is stopped or told to end; <c>stubborn</c> heeds only KILL. What it started outlives an agent.</summary>
internal sealed class FakeRuntime : IRuntime
{
    private readonly ConcurrentDictionary<Guid, FakeRun> _runs = new();

    public ConcurrentBag<RunRequest> Started { get; } = [];

    public int Running => _runs.Values.Count(r => !r.Exit.IsCompleted);

    public int Suspended => _runs.Values.Count(r => r is { Suspended: true, Exit.IsCompleted: false });

    public ConcurrentBag<TimeSpan> Stops { get; } = [];

    public ConcurrentBag<int> Signals { get; } = [];

    /// <summary>Why it can't suspend or resume now.</summary>
    public volatile string? Unable;

    public int MostRunning { get; private set; }

    public Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct)
    {
        Started.Add(request);
        var run = new FakeRun(() => Unable, request.Spec.Argv is ["stubborn"], Stops, Signals);
        _runs[request.Key.Lease] = run;
        lock (_runs) MostRunning = Math.Max(MostRunning, Running);
        if (request.Spec.Argv is ["print", var text, var code])
        {
            File.WriteAllText(request.Directory.Stdout, text);
            run.End(int.Parse(code));
        }

        return Task.FromResult<IRun>(run);
    }

    /// <summary>Why it can't tell what it runs, as an engine that is away; "hang" does not even say so.</summary>
    public volatile string? Unknown;

    public ConcurrentBag<Guid> Abandoned { get; } = [];

    public async Task<IRun?> AdoptAsync(RunRequest request, CancellationToken ct)
    {
        if (Unknown == "hang") await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        return Unknown is { } problem ? throw new IOException(problem) : _runs.GetValueOrDefault(request.Key.Lease);
    }

    public Task AbandonAsync(RunRequest request, CancellationToken ct)
    {
        Abandoned.Add(request.Key.Lease);
        if (_runs.TryGetValue(request.Key.Lease, out var run)) run.End(137);
        return Task.CompletedTask;
    }

    public Task<int> AtTerminalAsync(RunRequest request, bool shell, Action<string> phase, CancellationToken ct) => throw new NotSupportedException();

    public void EndAll(int code)
    {
        foreach (var run in _runs.Values) run.End(code);
    }

    private sealed class FakeRun(Func<string?> refusal, bool stubborn, ConcurrentBag<TimeSpan> stops, ConcurrentBag<int> signals) : IRun
    {
        private readonly TaskCompletionSource<RunExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool Suspended;

        public DateTime Started { get; } = TimeProvider.System.GetUtcNow().UtcDateTime;

        public Task<RunExit> Exit => _exit.Task;

        public void End(int code) => _exit.TrySetResult(new RunExit(code));

        public Task StopAsync(TimeSpan grace)
        {
            stops.Add(grace);
            if (!stubborn || grace == TimeSpan.Zero) End(143);
            return Task.CompletedTask;
        }

        public Task<string> SignalAsync(int signal)
        {
            signals.Add(signal);
            return Task.FromResult("a fake");
        }

        public Task SuspendAsync() => Stand(still: true);

        public Task ContinueAsync() => Stand(still: false);

        private Task Stand(bool still)
        {
            if (refusal() is { } problem) throw new IOException(problem);
            Suspended = still;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
