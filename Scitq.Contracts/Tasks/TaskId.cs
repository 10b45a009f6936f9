using System.Globalization;

namespace Scitq.Contracts;

/// <summary>
/// How people name a task: by the small number the coordinator gave it, or by the GUID its submitter made.
/// Exactly one of the two is set.
/// </summary>
public readonly record struct TaskId(long? Number, Guid? Guid)
{
    /// <summary>Reads a number (1 or more) or a GUID; false for anything else.</summary>
    public static bool TryParse(string? text, out TaskId id)
    {
        id = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            id = new TaskId(number, null);
        else if (System.Guid.TryParse(text, out var guid) && guid != default)
            id = new TaskId(null, guid);
        else
            return false;
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Guid?.ToString() ?? "";
}
