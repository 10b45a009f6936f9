namespace Scitq.Coordinator.Tasks;

/// <summary>Whether the database can be used, as all parts of the coordinator notice it together.</summary>
internal interface IDatabaseHealth
{
    /// <summary>What is wrong with the database; null while all is written.</summary>
    string? Problem { get; }

    /// <summary>Whether the exception says that the database is away, so that the same may succeed later; then it is told.</summary>
    bool IsAway(Exception exception);

    /// <summary>The store could not be used, and whatever was to be saved waits.</summary>
    void Missed(Exception exception);

    /// <summary>Something was saved.</summary>
    void Saved();
}
