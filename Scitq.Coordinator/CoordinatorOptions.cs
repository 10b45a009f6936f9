using Scitq.Access.Broker;

namespace Scitq.Coordinator;

/// <summary>What the coordinator is told at its start: command line, environment (<c>SCITQ_…</c>) or a JSON file.</summary>
public sealed class CoordinatorOptions
{
    /// <summary>The port of the API; 0 takes any free one.</summary>
    public int Port { get; set; } = 5000;

    /// <summary>The address to listen on; anything but loopback needs a token.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary><c>amqp://user:password@host/vhost</c>; null is the bus in memory.</summary>
    public string? Bus { get; set; }

    /// <summary>How the broker is reached; null with the bus in memory.</summary>
    internal BrokerSettings? Broker { get; set; }

    /// <summary>A PostgreSQL connection string (<c>Host=…</c>); null is SQLite in the data directory.</summary>
    public string? Database { get; set; }

    /// <summary>Where logs and, without PostgreSQL, the database are.</summary>
    public string Data { get; set; } = "";

    /// <summary>Where the output of tasks is kept.</summary>
    public string Logs => Path.Combine(Data, "logs");

    /// <summary>The embedded database.</summary>
    public string SqliteFile => Path.Combine(Data, "scitq.db");

    /// <summary>What clients must present; null only where it was asked for, on loopback.</summary>
    public string? Token { get; set; }

    /// <summary>Whether the token is the one in <see cref="OwnTokenFile"/>.</summary>
    public bool HasOwnToken { get; set; }

    /// <summary>The token that is made when none is given.</summary>
    public string OwnTokenFile => Path.Combine(Data, "token");

    /// <summary>Whether the database is PostgreSQL.</summary>
    public bool UsesPostgres => !string.IsNullOrEmpty(Database);
}
