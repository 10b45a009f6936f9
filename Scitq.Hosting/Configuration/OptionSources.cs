using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Scitq.Contracts;

namespace Scitq.Hosting.Configuration;

/// <summary>
/// Builds the configuration of a service from its layers: defaults, JSON file, environment, command line, and files that hold
/// secrets, each over those before. A key that is not known stops the start. The layers are merged before they become keys of the
/// framework's configuration, which would mix the items of two lists.
/// </summary>
internal sealed class OptionSources(ServiceProgram program)
{
    private const string Logging = "Logging";

    /// <exception cref="ArgumentException">Something there can't be used; the message is for the user.</exception>
    public ConfigurationManager Read(string[] args)
    {
        var line = CommandLine(args);
        var file = line.LastOrDefault(given => given.Name == ServiceProgram.ConfigOption).Text ?? Environment.GetEnvironmentVariable("SCITQ_CONFIG");
        var given = new Dictionary<string, Given>(StringComparer.OrdinalIgnoreCase);
        foreach (var one in FromFile(file ?? program.DefaultFile, required: file is not null).Concat(FromEnvironment()).Concat(line)) given[one.Name] = one;
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(program.Defaults).AddInMemoryCollection(given.Values.SelectMany(Keys));
        configuration.AddInMemoryCollection(Secrets(configuration));
        return configuration;
    }

    private List<Given> CommandLine(string[] args)
    {
        var given = new List<Given>();
        for (var i = 0; i < args.Length; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var typed = equals < 0 ? args[i] : args[i][..equals];
            if (!typed.StartsWith("--", StringComparison.Ordinal)) throw new ArgumentException($"'{args[i]}' is not an option (see --help).");
            var name = typed[2..];
            var option = Find(name);
            if (option is null && !IsLogging(name))
                throw new ArgumentException($"unknown option {typed}{(Nearest(name) is { } near ? $": did you mean --{near}?" : " (see --help).")}");
            given.Add(new Given(name, typed, equals >= 0 ? args[i][(equals + 1)..]
                : option is { Value: null } ? "true"
                : ++i < args.Length ? args[i] : throw new ArgumentException($"option {typed} needs a value.")));
        }

        return given;
    }

    private IEnumerable<Given> FromEnvironment() =>
        from option in program.Options
        where option.Help is not null
        let text = Environment.GetEnvironmentVariable(option.Variable)
        where text is { Length: > 0 }
        select new Given(option.Name, option.Variable, text);

    private List<Given> FromFile(string file, bool required)
    {
        if (!File.Exists(file)) return required ? throw new ArgumentException($"the configuration file '{file}' does not exist.") : [];
        try
        {
            using var stream = File.OpenRead(file);
            var leaves = new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable().Where(leaf => leaf.Value is not null);
            return [.. leaves.Select(leaf => FromFile(file, leaf.Key, leaf.Value!))];
        }
        catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"the configuration file '{file}' can't be read: {e.Message}", e);
        }
    }

    private Given FromFile(string file, string key, string text)
    {
        var option = Find(key);
        if (program.Lists.Any(list => key.StartsWith($"{list}:", StringComparison.OrdinalIgnoreCase)))
        {
            SecretFile.Check(file);
            return new Given(key, $"'{key}' in the configuration file '{file}':", text);
        }

        if (option is null && !IsLogging(key))
            throw new ArgumentException(
                $"the configuration file '{file}' has the unknown key '{key}'{(Nearest(key) is { } near ? $": did you mean '{near}'?" : ".")}");
        if (option is not null && IsSecret(option, text)) SecretFile.Check(file);
        return new Given(key, $"'{key}' in the configuration file '{file}':", text);
    }

    /// <summary>A file given for a secret wins over the secret itself, wherever that was given.</summary>
    private IEnumerable<KeyValuePair<string, string?>> Secrets(IConfiguration configuration)
    {
        foreach (var option in program.Options)
        {
            if (option.SecretKey is not { } secret || configuration[option.Key] is not { } file) continue;
            string text;
            try
            {
                text = SecretFile.Read(file);
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException($"--{option.Name}: {e.Message}", e);
            }

            yield return KeyValuePair.Create(secret, (string?)text);
        }
    }

    private IEnumerable<KeyValuePair<string, string?>> Keys(Given given)
    {
        if (Find(given.Name) is not { } option) return [KeyValuePair.Create(given.Name, (string?)Logged(given))];
        try
        {
            return OptionText.Read(option, given.Text);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{given.Origin} {e.Message}", e);
        }
    }

    /// <summary>The framework would end the program with a stack trace over a level that it does not know.</summary>
    private static string Logged(Given given) =>
        !given.Name.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) || Enum.TryParse<LogLevel>(given.Text, ignoreCase: true, out _)
            ? given.Text
            : throw new ArgumentException($"{given.Origin} '{given.Text}' is none of {string.Join(", ", Enum.GetNames<LogLevel>())}.");

    private ServiceOption? Find(string name) =>
        program.Options.FirstOrDefault(o => o.Name == name || (name.Contains(':') && o.Name.Equals(name, StringComparison.OrdinalIgnoreCase)));

    private string? Nearest(string name) => NearestName.Of(name, program.Options.Select(o => o.Name).Concat(program.Lists));

    private static bool IsLogging(string name) => name.StartsWith($"{Logging}:", StringComparison.OrdinalIgnoreCase);

    /// <summary>A value that could have been given in a file of its own, and is not just an address.</summary>
    private bool IsSecret(ServiceOption option, string text) =>
        program.Options.Any(o => o.SecretKey == option.Key)
        && (option.Name == "token" || text.Contains('@') || text.Contains("password", StringComparison.OrdinalIgnoreCase));

    /// <summary>A value as it was given, and the words that tell its user where.</summary>
    private readonly record struct Given(string Name, string Origin, string Text);
}
