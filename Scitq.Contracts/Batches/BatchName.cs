namespace Scitq.Contracts;

/// <summary>The rules for the name of a batch, which is also part of a queue's name.</summary>
public static class BatchName
{
    /// <summary>The batch of a task or worker that names none.</summary>
    public const string Default = "Default";

    /// <summary>
    /// Why the text is not a batch name; null if it is one: 1 to 100 of <c>A-Z a-z 0-9 . _ -</c>, not ending in <c>_error</c> or <c>_skipped</c> (the
    /// broker's own queues).
    /// </summary>
    public static string? Problem(string? name)
    {
        if (string.IsNullOrEmpty(name)) return "batch name is empty.";
        if (name.Length > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            return $"batch '{name}' is not 1 to 100 letters, digits, '.', '_' or '-'.";
        return name.EndsWith("_error", StringComparison.Ordinal) || name.EndsWith("_skipped", StringComparison.Ordinal)
            ? $"batch '{name}' ends in _error or _skipped, which are names of the broker's own queues."
            : null;
    }
}
