using Scitq.Agent.Runtimes;
using Scitq.Contracts;

namespace Scitq.Agent.Attempts;

/// <summary>All that is known of a command that has ended, for <see cref="Judge"/>.</summary>
internal sealed record CommandEnd
{
    public required TaskSpec Spec { get; init; }

    public required RunExit Exit { get; init; }

    /// <summary>How long the command ran.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Whether its user has cancelled it.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Whether it was stopped for its run timeout.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Why it was stopped for the disk's sake, or null.</summary>
    public string? OutOfRoom { get; init; }

    /// <summary>Whether the disk was seen wholly full while it ran.</summary>
    public bool DiskWasFull { get; init; }

    /// <summary>Why some of what it printed may be lost, or null.</summary>
    public string? OutputLost { get; init; }
}
