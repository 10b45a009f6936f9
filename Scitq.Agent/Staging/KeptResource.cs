using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Staging;

/// <summary>One version of a resource on the disk: <c>data/</c>, and the marker that makes it count.</summary>
internal sealed class KeptResource
{
    private const string MarkerName = "resource.json";
    private readonly Marker _marker;

    private KeptResource(string root, Marker marker, DateTime lastUsed) => (Root, _marker, LastUsed) = (root, marker, lastUsed);

    public string Root { get; }

    public string Data => DataIn(Root);

    /// <summary>As the task names it, with its action.</summary>
    public string Uri => _marker.Uri;

    /// <summary>See <see cref="SourceVersion"/>.</summary>
    public string? Source => _marker.Source;

    public long Bytes => _marker.Bytes;

    public DateTime LastUsed { get; private set; }

    /// <summary>When its source was last found unchanged, as a timestamp; 0 for not yet.</summary>
    public long Checked { get; set; }

    /// <summary>How many are taking links of it at the moment.</summary>
    public int Pins { get; set; }

    /// <summary>Whether it goes with its last pin.</summary>
    public bool Obsolete { get; set; }

    /// <summary>The beginning of all its directories' names.</summary>
    public static string NameOf(string uri) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uri)))[..32];

    public static string DataIn(string root) => Path.Combine(root, "data");

    /// <summary>Makes what is below a temporary directory count, under a name of its own.</summary>
    public static KeptResource Publish(string temporary, string directory, string uri, string? source, DateTime now)
    {
        var bytes = 0L;
        foreach (var file in FilesIn(temporary))
        {
            bytes += file.Facts.Size;
            // Whoever a task runs as reads it by a link; who can execute it may only do that.
            var execute = (file.Facts.Mode & UnixFileMode.UserExecute) != 0 ? 0b001_001_001 : 0;
            LocalFiles.SetMode(file.Path, (UnixFileMode)(0b100_100_100 | execute));
        }

        var marker = new Marker(uri, source, bytes, ProcessTable.BootId);
        File.WriteAllText(Path.Combine(temporary, MarkerName), JsonSerializer.Serialize(marker, ScitqJson.Bus));
        var root = Path.Combine(directory, $"{NameOf(uri)}-{Guid.NewGuid().ToString("N")[..8]}");
        Directory.Move(temporary, root);
        return new KeptResource(root, marker, now);
    }

    /// <summary>What an earlier process has published; null when it is not whole.</summary>
    public static KeptResource? Open(string root)
    {
        var file = Path.Combine(root, MarkerName);
        try
        {
            // A task of the agent's own account may have left anything here, also what never ends to be read.
            if (FileKinds.Of(file) != FileKind.File) return null;
            if (JsonSerializer.Deserialize<Marker>(File.ReadAllText(file), ScitqJson.Bus) is not { Uri: not null } marker) return null;
            // What a machine had not yet written when it lost its power is missing, though its name is there.
            if (marker.Boot != ProcessTable.BootId && TreeSize.Of(DataIn(root)) != marker.Bytes) return null;
            return new KeptResource(root, marker, File.GetLastWriteTimeUtc(file));
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Use(DateTime now)
    {
        LastUsed = now;
        try
        {
            File.SetLastWriteTimeUtc(Path.Combine(Root, MarkerName), now);
        }
        catch (IOException)
        {
            // Only the order of removals depends on it.
        }
    }

    private static IEnumerable<LocalEntry> FilesIn(string root) => LocalTree.Walk(DataIn(root), recursive: true, CancellationToken.None);

    private sealed record Marker(string Uri, string? Source, long Bytes, string Boot);
}
