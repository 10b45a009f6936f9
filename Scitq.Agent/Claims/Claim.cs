using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>One task that this agent asks for.</summary>
/// <param name="task">The message that brought it.</param>
/// <param name="batch">The batch whose queue did.</param>
internal sealed class Claim(TaskQueued task, string? batch)
{
    private int _settled;

    public TaskQueued Task { get; } = task;

    public string? Batch { get; } = batch;

    public TaskCompletionSource<ClaimOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Settled => Volatile.Read(ref _settled) != 0;

    /// <summary>True for the one who may decide the outcome.</summary>
    public bool TrySettle() => Interlocked.Exchange(ref _settled, 1) == 0;
}
