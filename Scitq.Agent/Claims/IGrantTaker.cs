using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>Holds the attempts that claims bring.</summary>
internal interface IGrantTaker
{
    /// <summary>Whether the agent holds this attempt already.</summary>
    bool Holds(AttemptKey key);

    /// <summary>Whether the agent holds already what this message has brought. If that has ended, the end is told once more.</summary>
    bool HoldsAndTellsAgain(TaskQueued task);

    /// <summary>Begins an attempt, which has a place.</summary>
    void Begin(ClaimOutcome.Granted grant);

    /// <summary>Begins an attempt that was granted though nobody here waited for the answer any more; it has no place.</summary>
    void BeginLate(ClaimOutcome.Granted grant);
}
