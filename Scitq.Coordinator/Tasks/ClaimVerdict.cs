namespace Scitq.Coordinator.Tasks;

/// <summary>What a worker's claim is answered.</summary>
internal enum ClaimVerdict
{
    /// <summary>The attempt is free: the worker gets a lease.</summary>
    Granted,

    /// <summary>The worker holds the attempt: it asks because the answer was lost, or because it was started again.</summary>
    GrantedAgain,

    /// <summary>The attempt is free, but the agent would run it without something that it asks for.</summary>
    TooOld,

    /// <summary>The attempt is another's, or not to be had now.</summary>
    Refused,
}
