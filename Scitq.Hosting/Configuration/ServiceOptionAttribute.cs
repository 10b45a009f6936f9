namespace Scitq.Hosting.Configuration;

/// <summary>
/// Makes a property of an options class an option of the service: <c>--name VALUE</c>, in the environment <c>SCITQ_NAME</c>,
/// in the JSON file <c>"name"</c>.
/// </summary>
/// <param name="name">In lower case with dashes.</param>
/// <param name="value">Stands for the value in the help; null for a switch.</param>
/// <param name="help">One line.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ServiceOptionAttribute(string name, string? value, string help) : Attribute
{
    /// <summary>In lower case with dashes.</summary>
    public string Name => name;

    /// <summary>Stands for the value in the help; null for a switch.</summary>
    public string? Value => value;

    /// <summary>One line.</summary>
    public string Help => help;

    /// <summary>How the text is read.</summary>
    public OptionForm Form { get; init; }

    /// <summary>The help of a second option, <c>--name-file FILE</c>, which names a file that holds a secret; null where there is none.</summary>
    public string? FileHelp { get; init; }
}
