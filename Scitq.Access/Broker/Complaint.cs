namespace Scitq.Access.Broker;

/// <summary>A trouble that comes again and again is told once, until it is another or is over.</summary>
public sealed class Complaint
{
    private string? _told;

    /// <summary>Whether this is to be told.</summary>
    public bool IsNew(string problem) => Interlocked.Exchange(ref _told, problem) != problem;

    /// <summary>Whether there was one, which is over now.</summary>
    public bool IsOver() => Interlocked.Exchange(ref _told, null) is not null;
}
