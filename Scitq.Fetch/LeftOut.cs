namespace Scitq.Fetch;

/// <summary>Something below a folder that is no file and so is not moved.</summary>
/// <param name="Name">Its name relative to the folder.</param>
/// <param name="What">The kind of thing, as in "it is a FIFO".</param>
/// <param name="IsEmpty">Whether nothing is below it; otherwise something may be, and whoever deletes what is not listed should keep away from it.</param>
internal readonly record struct LeftOut(string Name, string What, bool IsEmpty = false)
{
    public override string ToString() => $"'{Redacted.Of(Name)}' was left out: it is {What}.";
}
