namespace Scitq.Contracts;

/// <summary>Which task of a batch starts first: one of a higher priority, and of equal ones the one that was submitted first.</summary>
public static class TaskPriority
{
    /// <summary>The lowest priority.</summary>
    public const int Lowest = -10;

    /// <summary>The highest priority.</summary>
    public const int Highest = 10;

    /// <summary>Why the number is no priority; null if it is one, or is left out.</summary>
    public static string? Problem(int? priority) =>
        priority is < Lowest or > Highest ? $"priority {priority} is not between {Lowest} and {Highest}." : null;
}
