using Scitq.Contracts;

namespace Scitq.Agent.Runtimes;

/// <summary>
/// Runs commands, which outlive the agent: their processes and containers are found again by their work directory
/// and lease alone, so nothing needs to be remembered between "started" and "journalled".
/// The streams of a run are append-only files, <see cref="WorkDirectory.Stdout"/> and <see cref="WorkDirectory.Stderr"/>.
/// </summary>
internal interface IRuntime
{
    /// <summary>Starts the command. Progress that can take long (an image pull) is told to <paramref name="phase"/>.</summary>
    /// <exception cref="StartException">It could not be started; nothing of it is left.</exception>
    Task<IRun> StartAsync(RunRequest request, Action<string> phase, CancellationToken ct);

    /// <summary>Finds the run an earlier agent process started, running or ended; null when it was never started.</summary>
    Task<IRun?> AdoptAsync(RunRequest request, CancellationToken ct);

    /// <summary>
    /// Ends a command that an earlier agent process may have started, and of which it could not be told in time what became of it. If that is not
    /// possible now, it is done as soon as it is.
    /// </summary>
    Task AbandonAsync(RunRequest request, CancellationToken ct);

    /// <summary>
    /// Runs the command, or a shell in its place, at the terminal of this process to its end, and gives its exit code. It is not watched, limited or
    /// recorded.
    /// </summary>
    /// <exception cref="StartException">It could not be started.</exception>
    Task<int> AtTerminalAsync(RunRequest request, bool shell, Action<string> phase, CancellationToken ct);
}

/// <summary>One started command.</summary>
internal interface IRun : IAsyncDisposable
{
    /// <summary>When it started (UTC).</summary>
    DateTime Started { get; }

    /// <summary>Completes, never faults, once no process of it is left and its stream files are complete.</summary>
    Task<RunExit> Exit { get; }

    /// <summary>Its processes on this machine, as far as they are known.</summary>
    IEnumerable<int> ProcessIds => [];

    /// <summary>TERM, then KILL after the grace, to everything it started, whether or not it stands still. <see cref="Exit"/> tells when it is over.</summary>
    Task StopAsync(TimeSpan grace);

    /// <summary>Sends the signal to everything it started, and says to what that was.</summary>
    /// <exception cref="IOException">It could not be sent.</exception>
    Task<string> SignalAsync(int signal);

    /// <summary>Lets everything it started stand still; once more, where it does. Nothing happens to one that is being stopped or has ended.</summary>
    /// <exception cref="IOException">It could not be done now.</exception>
    Task SuspendAsync();

    /// <summary>Lets everything it started go on; once more, where it does.</summary>
    /// <exception cref="IOException">It could not be done now.</exception>
    Task ContinueAsync();
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n for signal n; null when the runtime lost it (then <paramref name="Problem"/> says why).</param>
/// <param name="OomKilled">Whether the kernel killed any process of it for want of memory.</param>
/// <param name="PeakMemory">Bytes, all processes together.</param>
/// <param name="CpuSeconds">Of all processes.</param>
/// <param name="Problem">Something the user should know, or why there is no exit code.</param>
/// <param name="OutputLost">Why some of what it printed is not in its stream files, or null.</param>
/// <param name="Failure">
/// Without an exit code: <see cref="FailureClass.Start"/> when the command turned out not to be startable, else null (its end was lost).
/// </param>
internal sealed record RunExit(
    int? ExitCode, bool OomKilled = false, long? PeakMemory = null, double? CpuSeconds = null, string? Problem = null, FailureClass? Failure = null,
    string? OutputLost = null);

/// <summary>A command to run, where, and for which attempt.</summary>
internal sealed record RunRequest
{
    /// <summary>The attempt; its lease names containers and cgroups.</summary>
    public required Contracts.Messages.AttemptKey Key { get; init; }

    /// <summary>The task's small number.</summary>
    public required long Number { get; init; }

    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>The command, image, options and environment.</summary>
    public required TaskSpec Spec { get; init; }

    /// <summary>The attempt's directories, which exist.</summary>
    public required WorkDirectory Directory { get; init; }

    /// <summary>The value of <c>CPU</c>: max(1, processors / concurrency).</summary>
    public required int Cpu { get; init; }
}

/// <summary>The command could not be started.</summary>
internal sealed class StartException(FailureClass failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Usually <see cref="FailureClass.Start"/> or <see cref="FailureClass.Image"/>.</summary>
    public FailureClass Failure { get; } = failure;
}
