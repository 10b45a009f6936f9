namespace Scitq.Access.Broker;

/// <summary>A trouble that comes again and again is told once until it is over, however many reasons take turns.</summary>
public sealed class Complaint
{
    private const int Most = 20;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _told = [];

    /// <summary>Whether this is to be told.</summary>
    public bool IsNew(string problem)
    {
        lock (_lock) return _told.Count < Most && _told.Add(problem);
    }

    /// <summary>Whether there was one, which is over now.</summary>
    public bool IsOver()
    {
        lock (_lock)
        {
            var was = _told.Count > 0;
            _told.Clear();
            return was;
        }
    }
}
