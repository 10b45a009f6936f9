namespace Scitq.Coordinator.Leases;

/// <summary>
/// For how long the service has been able to hear its workers, all coordinators together, since it first ran. It stands still
/// while nobody heard: paused, restarting, without the broker or the database. Silence is measured by it and by no other clock.
/// </summary>
/// <param name="Seconds">Seconds of hearing.</param>
/// <param name="Gap">Where on that scale the last time without hearing ended.</param>
/// <param name="At">When something was last heard, by whatever clock is asked.</param>
internal readonly record struct Hearing(double Seconds, double Gap, DateTime At);
