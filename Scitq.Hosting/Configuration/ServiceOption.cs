using System.Reflection;

namespace Scitq.Hosting.Configuration;

/// <summary>One option of a service, and the configuration key that holds its value.</summary>
/// <param name="Name">In lower case with dashes, or <c>Section:Key</c>.</param>
/// <param name="Value">Stands for the value in the help; null for a switch.</param>
/// <param name="Help">One line; null to leave the option out of the help.</param>
/// <param name="Key">The configuration key.</param>
/// <param name="Type">The type of the property that is bound to the key.</param>
/// <param name="Form">How the text is read.</param>
public sealed record ServiceOption(string Name, string? Value, string? Help, string Key, Type Type, OptionForm Form = OptionForm.Plain)
{
    /// <summary>The environment variable.</summary>
    public string Variable => "SCITQ_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>The key of the secret that this option names a file of; null for other options.</summary>
    public string? SecretKey { get; init; }

    /// <summary>The options of a class, in the order of its properties.</summary>
    public static IReadOnlyList<ServiceOption> Of<TOptions>()
        where TOptions : class
    {
        var options = new List<ServiceOption>();
        foreach (var property in typeof(TOptions).GetProperties())
        {
            if (property.GetCustomAttribute<ServiceOptionAttribute>() is not { } declared) continue;
            var key = $"{SectionOf<TOptions>()}:{property.Name}";
            options.Add(new ServiceOption(declared.Name, declared.Value, declared.Help, key, property.PropertyType, declared.Form));
            if (declared.FileHelp is { } help)
                options.Add(new ServiceOption($"{declared.Name}-file", "FILE", help, $"{key}File", typeof(string), OptionForm.Path) { SecretKey = key });
        }

        return options;
    }

    /// <summary>The keys of a section whose properties are known by their own names: <c>--Tasks:MaxLosses 3</c>.</summary>
    public static IReadOnlyList<ServiceOption> OfSection<TOptions>(string section)
        where TOptions : class =>
        [.. typeof(TOptions).GetProperties().Select(p => new ServiceOption($"{section}:{p.Name}", "VALUE", null, $"{section}:{p.Name}", p.PropertyType))];

    /// <summary>The section that a class with declared options is bound to.</summary>
    internal static string SectionOf<TOptions>() => typeof(TOptions).Name.Replace("Options", "", StringComparison.Ordinal);
}
