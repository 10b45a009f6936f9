namespace Scitq.Fetch.Transfers;

/// <summary>The options, clocks and limits that all transports share.</summary>
/// <param name="Options">As given, validated.</param>
/// <param name="Retrier">Repeats single requests.</param>
/// <param name="Idle">Ends dead connections.</param>
/// <param name="Places">One a part in memory, over all transfers.</param>
/// <param name="Time">The clock.</param>
internal sealed record Services(FetchOptions Options, Retrier Retrier, Idle Idle, SemaphoreSlim Places, TimeProvider Time);
