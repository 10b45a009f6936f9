using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Npgsql;
using Scitq.Access.Broker;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator;

/// <summary>The coordinator's data directory and servers.</summary>
public sealed class CoordinatorOptions : IValidatableObject
{
    /// <summary>The directory of logs and, without PostgreSQL, of the database.</summary>
    [ServiceOption("data", "DIR", "where logs and the embedded database are (default: a directory of yours)", Form = OptionForm.Path)]
    public string Data { get => field ??= DataDirectory.Default(); set; }

    /// <summary><c>amqp://user:password@host/vhost</c>; null is the bus in memory.</summary>
    [ServiceOption("bus", "amqp://…", "RabbitMQ (default: a bus inside this process); --bus-file keeps the password off the command line",
        FileHelp = "a file that holds the address of RabbitMQ")]
    public string? Bus { get; set; }

    /// <summary>A PEM file of the authorities that may have issued the broker's certificate; null for the machine's.</summary>
    [ServiceOption("bus-ca", "FILE", "PEM file of the authorities that may issue the broker's certificate, for amqps:// (default: the machine's)")]
    public string? BusCa { get; set; }

    /// <summary>A PEM file with the coordinator's certificate for the broker.</summary>
    [ServiceOption("bus-cert", "FILE", "PEM file with a certificate of the coordinator's own to show the broker")]
    public string? BusCert { get; set; }

    /// <summary>The PEM file with that certificate's key, if it is not in the same.</summary>
    [ServiceOption("bus-key", "FILE", "PEM file with its key (default: the same file)")]
    public string? BusKey { get; set; }

    /// <summary>How the broker is reached; null with the bus in memory.</summary>
    internal BrokerSettings? Broker => string.IsNullOrEmpty(Bus) ? null : field ??= BrokerSettings.Read(Bus, BusCa, BusCert, BusKey);

    /// <summary>A PostgreSQL connection string (<c>Host=…</c>); null is SQLite in the data directory.</summary>
    [ServiceOption("database", "'Host=…'", "PostgreSQL connection string (default: SQLite in the data directory)",
        FileHelp = "a file that holds the connection string")]
    public string? Database { get; set; }

    /// <summary>The directory of what tasks print.</summary>
    public string Logs => Path.Combine(Data, "logs");

    /// <summary>The embedded database.</summary>
    public string SqliteFile => Path.Combine(Data, "scitq.db");

    /// <summary>The file of the token that is made when none is given.</summary>
    public string OwnTokenFile => Path.Combine(Data, "token");

    /// <summary>Whether the database is PostgreSQL.</summary>
    public bool UsesPostgres => !string.IsNullOrEmpty(Database);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!CanBeRead(() => Broker, out var problem)) yield return new(problem);
        // The library's own words repeat parts of the text, and so of a password.
        if (UsesPostgres && !CanBeRead(() => new NpgsqlConnectionStringBuilder(Database), out _))
        {
            yield return new(
                "the connection string of the database can't be read: it has the form Host=…;Username=…;Password=…;Database=…, "
                + "and a value with ';' or '=' stands in quotes.");
        }
    }

    private static bool CanBeRead(Func<object?> read, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        try
        {
            _ = read();
        }
        catch (ArgumentException e)
        {
            problem = e.Message;
        }

        return problem is null;
    }
}
