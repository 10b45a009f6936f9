namespace Scitq.Agent.Attempts;

/// <summary>Why an attempt is stopped; the later the stronger.</summary>
internal enum StopCause
{
    /// <summary>Given back before it started.</summary>
    Released,

    /// <summary>Its worker is to leave without waiting for it: it is another's to run again.</summary>
    Evicted,

    /// <summary>Its user cancelled it.</summary>
    Cancelled,

    /// <summary>Its user wants it to end at once.</summary>
    Killed,

    /// <summary>It is no longer this worker's: nothing may be left of it.</summary>
    Revoked,
}
