namespace Scitq.Coordinator.Leases;

/// <summary>The one row in which coordinators, and their next starts, share how long the service has heard.</summary>
internal sealed class HearingRow
{
    public int Id { get; set; }

    public double Seconds { get; set; }

    public double Gap { get; set; }

    public DateTime At { get; set; }

    /// <summary>Counts the updates; one that does not match means that another coordinator was first.</summary>
    public long Turn { get; set; }

    public Hearing Hearing => new(Seconds, Gap, At);
}
