namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Something that somebody outside wants to be told: stored with what it tells, in the same transaction, and sent from here until it has arrived. It
/// names the receiver, whose address and secret are nowhere but in the configuration.
/// </summary>
internal sealed class NoticeRow
{
    public long Id { get; set; }

    /// <summary>The same for all receivers and at each try.</summary>
    public Guid EventId { get; set; }

    public string Hook { get; set; } = "";

    public string Kind { get; set; } = "";

    /// <summary>What is sent, byte for byte.</summary>
    public string Body { get; set; } = "";

    public DateTime Created { get; set; }

    /// <summary>Not before this.</summary>
    public DateTime Due { get; set; }

    public int Tries { get; set; }

    /// <summary>Who is sending it, and until when nobody else does.</summary>
    public Guid? Holder { get; set; }

    public DateTime? HeldUntil { get; set; }
}
