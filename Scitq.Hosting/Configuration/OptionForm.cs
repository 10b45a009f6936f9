namespace Scitq.Hosting.Configuration;

/// <summary>How the text of an option is read, where the property's type alone does not say it.</summary>
public enum OptionForm
{
    /// <summary>As the type says: durations in seconds, lists separated by commas.</summary>
    Plain,

    /// <summary>A duration in days.</summary>
    Days,

    /// <summary>An octal number.</summary>
    Octal,

    /// <summary>A file or directory, relative to the current directory.</summary>
    Path,

    /// <summary>Absolute directories separated by colons.</summary>
    Directories,
}
