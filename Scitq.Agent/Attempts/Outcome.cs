using Scitq.Agent.Logs;
using Scitq.Agent.Reuse;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>How far an attempt has come, and all that is known so far of how it ends.</summary>
/// <param name="begun">When it began, by the agent's clock.</param>
internal sealed class Outcome(long begun)
{
    private volatile bool _timedOut;

    public long Begun => begun;

    public AttemptStage Stage { get; set; } = AttemptStage.Accepted;

    public DateTime? Started { get; set; }

    public RunExit? Exit { get; set; }

    public DateTime? RunEnded { get; set; }

    /// <summary>Whether the command was stopped for its run timeout.</summary>
    public bool TimedOut
    {
        get => _timedOut;
        set => _timedOut = value;
    }

    /// <summary>Whether its command was still there when its user wanted it stopped.</summary>
    public bool StoppedByUser { get; set; }

    public bool DiskWasFull { get; set; }

    /// <summary>Why some of what the command printed may be lost, or null.</summary>
    public string? OutputLost { get; set; }

    public FailureClass? Failure { get; private set; }

    public string? Reason { get; private set; }

    public List<string> Warnings { get; } = [];

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }

    public IReadOnlyList<OutputFile> Outputs { get; set; } = [];

    /// <summary>Brings its streams to the coordinator, from when its command starts.</summary>
    public LogPump.LogHandle? Logs { get; set; }

    public CollectedOutput? Output { get; set; }

    /// <summary>What its result depends on, where an identical task was looked for.</summary>
    public CacheKey? CacheKey { get; set; }

    /// <summary>The task whose result was taken, or null.</summary>
    public long? CachedFrom { get; set; }

    /// <summary>Why no result was taken, or null.</summary>
    public string? NotReused { get; set; }

    public void Say(string reason) => Reason = reason;

    public void Fail(FailureClass failure, string reason) => (Failure, Reason) = (failure, reason);
}
