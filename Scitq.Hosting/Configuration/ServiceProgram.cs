using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Scitq.Access.CommandLine;

namespace Scitq.Hosting.Configuration;

/// <summary>A program that stays: its name, its purpose, and the options that it knows.</summary>
/// <param name="name">As it is called.</param>
/// <param name="purpose">For the help.</param>
/// <param name="options">In the order of the help.</param>
public sealed class ServiceProgram(string name, string purpose, IReadOnlyList<ServiceOption> options)
{
    /// <summary>The exit code of a program that was given something it can't use.</summary>
    public const int WrongUsage = 2;

    internal const string ConfigOption = "config";

    /// <summary>The options, with that of the configuration file.</summary>
    public IReadOnlyList<ServiceOption> Options { get; } = [.. options, new(ConfigOption, "FILE", "JSON file with these options", "Config", typeof(string))];

    /// <summary>Values that hold where nothing else was given and the options classes do not say.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Defaults { get; init; } = [];

    /// <summary>Lists that only the file can hold. Who reads them checks them; the file must be private, for they name places that only some may know.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];

    internal string DefaultFile => $"/etc/scitq/{name.Replace("scitq-", "", StringComparison.Ordinal)}.json";

    /// <summary>Reads the configuration and runs with it; help, version and every refusal are told here. Gives the exit code.</summary>
    public async Task<int> RunAsync(string[] args, Func<ConfigurationManager, Task<int>> run)
    {
        Argv.Hide("--token", "--database");
        if (args.Contains("--help") || args.Contains("-h"))
        {
            Console.Out.WriteLine(Help());
            return 0;
        }

        if (args.Contains("--version"))
        {
            Console.Out.WriteLine($"{name} {typeof(ServiceProgram).Assembly.GetName().Version!.ToString(3)}");
            return 0;
        }

        ConfigurationManager configuration;
        try
        {
            configuration = Read(args);
        }
        catch (ArgumentException e)
        {
            return Refuse(e.Message, WrongUsage);
        }

        // Any other exception is an error of ours, and its stack trace is wanted.
        try
        {
            return await run(configuration);
        }
        catch (ServiceRefusedException e)
        {
            return Refuse(e.Message, e.Code);
        }
        catch (OptionsValidationException e)
        {
            return Refuse(string.Join(" ", e.Failures), WrongUsage);
        }
    }

    /// <summary>The configuration that these arguments, the environment and the file give.</summary>
    /// <exception cref="ArgumentException">Something can't be used; the message is for the user.</exception>
    internal ConfigurationManager Read(string[] args) => new OptionSources(this).Read(args);

    private int Refuse(string why, int exitCode)
    {
        Console.Error.WriteLine($"{name}: {why}");
        return exitCode;
    }

    private string Help()
    {
        var told = Options.Where(o => o.Help is not null).ToList();
        var width = told.Max(o => o.Name.Length + (o.Value?.Length ?? 0)) + 5;
        return $"""
            Usage: {name} [OPTIONS]

            {purpose}

            {string.Join('\n', told.Select(o => $"  {$"--{o.Name} {o.Value}".PadRight(width)} {o.Help}"))}
              {"--help".PadRight(width)} this text
              {"--version".PadRight(width)} the version

            Each option can also be given in the environment (--{told[0].Name} as {told[0].Variable}), or in a JSON file (--config,
            or {DefaultFile}) as "{told[0].Name}". The command line wins, then the environment.
            """;
    }
}
