namespace Scitq.Agent.Runtimes;

/// <summary>Starts nothing and succeeds at once: what is left is the cost of the system itself (<c>--runtime noop</c>, for benchmarks).</summary>
internal sealed class NoopRuntime(TimeProvider clock) : IRuntime
{
    private static readonly Task<RunExit> Succeeded = Task.FromResult(new RunExit(0));

    public Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct) =>
        Task.FromResult<IRun>(new NoopRun(clock.GetUtcNow().UtcDateTime));

    public Task<IRun?> AdoptAsync(RunRequest request, CancellationToken ct) => Task.FromResult<IRun?>(null);

    public Task AbandonAsync(RunRequest request, CancellationToken ct) => Task.CompletedTask;

    public Task<int> AtTerminalAsync(RunRequest request, bool shell, Action<string> phase, CancellationToken ct) => Task.FromResult(0);

    private sealed class NoopRun(DateTime started) : IRun
    {
        public DateTime Started { get; } = started;

        public Task<RunExit> Exit => Succeeded;

        // It has ended already, whatever is asked of it.
        public Task StopAsync(TimeSpan grace) => Task.CompletedTask;

        public Task<string> SignalAsync(int signal) => throw new IOException("the command has ended.");

        public Task SuspendAsync() => Task.CompletedTask;

        public Task ContinueAsync() => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
