using System.Text.Json;
using Scitq.Access.CommandLine;
using Scitq.Contracts;

namespace Scitq.Messaging.Hosting;

/// <summary>One option of a service: <c>--name VALUE</c>, in the environment <c>SCITQ_NAME</c>, in the JSON file <c>"name"</c>.</summary>
/// <param name="Name">In lower case with dashes.</param>
/// <param name="Value">What stands for the value in the help; null for a switch.</param>
/// <param name="Help">One line.</param>
public sealed record ServiceOption(string Name, string? Value, string Help)
{
    /// <summary>The environment variable.</summary>
    public string Variable => "SCITQ_" + Name.Replace('-', '_').ToUpperInvariant();
}

/// <summary>What a service is told at its start: command line before environment before JSON file.</summary>
public sealed class ServiceArguments
{
    private static readonly string[] Sections = ["Tasks", "Logging"];
    private readonly Dictionary<string, string> _values;

    private ServiceArguments(Dictionary<string, string> values) => _values = values;

    /// <summary>Keys of the form <c>Section:Key</c>, for the configuration of parts (<c>--Tasks:LostAfterSeconds 20</c>).</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings =>
        _values.Where(v => v.Key.Contains(':')).Select(v => KeyValuePair.Create(v.Key, (string?)v.Value));

    /// <summary>The value of an option, or null.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Whether a switch is on.</summary>
    public bool IsOn(string name) => this[name] is { } value && value is not ("false" or "0" or "");

    /// <summary>The value as a whole number of at least the minimum.</summary>
    /// <exception cref="ArgumentException">It is none; the message is for the user.</exception>
    public int Number(string name, int fallback, int minimum = 0, int maximum = int.MaxValue)
    {
        if (this[name] is not { } text) return fallback;
        return int.TryParse(text, out var value) && value >= minimum && value <= maximum
            ? value
            : throw new ArgumentException($"--{name} '{text}' is not a whole number from {minimum}{(maximum == int.MaxValue ? " on" : $" to {maximum}")}.");
    }

    /// <summary>A secret: from the option, or from the file that the option <c>NAME-file</c> names, so that it need not stand on a command line.</summary>
    public string? Secret(string name)
    {
        if (this[name + "-file"] is not { } file) return this[name];
        try
        {
            return SecretFile.Read(file);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"--{name}-file: {e.Message}", e);
        }
    }

    /// <summary>Reads all three. Null after help or version was printed, or the error, with the exit code.</summary>
    public static ServiceArguments? Read(string program, string purpose, IReadOnlyList<ServiceOption> options, string[] args, out int exitCode)
    {
        exitCode = 0;
        Argv.Hide("--token", "--database");
        if (args.Contains("--help") || args.Contains("-h"))
        {
            Console.Out.WriteLine(Help(program, purpose, options));
            return null;
        }

        if (args.Contains("--version"))
        {
            Console.Out.WriteLine($"{program} {typeof(ServiceArguments).Assembly.GetName().Version!.ToString(3)}");
            return null;
        }

        try
        {
            var line = FromCommandLine(options, args);
            var file = line.GetValueOrDefault("config") ?? Environment.GetEnvironmentVariable("SCITQ_CONFIG");
            var values = FromFile(options, file ?? $"/etc/scitq/{program.Replace("scitq-", "", StringComparison.Ordinal)}.json", required: file is not null);
            foreach (var option in options)
                if (Environment.GetEnvironmentVariable(option.Variable) is { Length: > 0 } value) values[option.Name] = value;
            foreach (var (name, value) in line) values[name] = value;
            return new ServiceArguments(values);
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine($"{program}: {e.Message}");
            exitCode = 2;
            return null;
        }
    }

    private static Dictionary<string, string> FromCommandLine(IReadOnlyList<ServiceOption> options, string[] args)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < args.Length; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal)) throw new ArgumentException($"'{args[i]}' is not an option (see --help).");
            var option = options.FirstOrDefault(o => "--" + o.Name == name);
            if (option is null && !Sections.Any(s => name.StartsWith($"--{s}:", StringComparison.Ordinal))) throw new ArgumentException($"unknown option {name} (see --help).");
            var isSwitch = option is { Value: null };
            values[name[2..]] = equals >= 0 ? args[i][(equals + 1)..]
                : isSwitch ? "true"
                : ++i < args.Length ? args[i] : throw new ArgumentException($"option {name} needs a value.");
        }

        return values;
    }

    private static Dictionary<string, string> FromFile(IReadOnlyList<ServiceOption> options, string file, bool required)
    {
        var values = new Dictionary<string, string>();
        if (!File.Exists(file)) return required ? throw new ArgumentException($"the configuration file '{file}' does not exist.") : values;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            foreach (var member in json.RootElement.EnumerateObject())
            {
                if (Sections.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.Object)
                    foreach (var (key, value) in Flatten(member.Name, member.Value)) values[key] = value;
                else if (options.Any(o => o.Name == member.Name))
                {
                    values[member.Name] = member.Value.ToString();
                    if (IsSecret(options, member.Name, values[member.Name])) SecretFile.Check(file);
                }
                else throw new ArgumentException($"the configuration file '{file}' has the unknown key '{member.Name}'.");
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"the configuration file '{file}' can't be read: {e.Message}", e);
        }

        return values;
    }

    /// <summary>What could have been given in a file of its own, and is not just an address.</summary>
    private static bool IsSecret(IReadOnlyList<ServiceOption> options, string name, string value) =>
        options.Any(o => o.Name == name + "-file") && (name == "token" || value.Contains('@') || value.Contains("password", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(string Key, string Value)> Flatten(string prefix, JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject().SelectMany(member => Flatten($"{prefix}:{member.Name}", member.Value))
            : [(prefix, element.ToString())];

    private static string Help(string program, string purpose, IReadOnlyList<ServiceOption> options)
    {
        var width = options.Max(o => o.Name.Length + (o.Value?.Length ?? 0)) + 5;
        var lines = options.Select(o => $"  {("--" + o.Name + " " + o.Value).PadRight(width)} {o.Help}");
        return $"""
            Usage: {program} [OPTIONS]

            {purpose}

            {string.Join('\n', lines)}
              {"--help".PadRight(width)} this text
              {"--version".PadRight(width)} the version

            Each option can also be given in the environment (--{options[0].Name} as {options[0].Variable}), or in a JSON file (--config,
            or /etc/scitq/{program.Replace("scitq-", "", StringComparison.Ordinal)}.json) as "{options[0].Name}". The command line wins, then the environment.
            """;
    }
}
