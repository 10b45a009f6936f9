using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Scitq.Fetch;
using Scitq.Fetch.Local;

namespace Scitq.Tools.Fetch;

/// <summary>du and ncdu.</summary>
internal static class UsageVerbs
{
    private const string ListingName = "ncdu.json";

    public static async Task<int> DuAsync(FetchContext context)
    {
        var folders = new SortedDictionary<string, (long Files, long Bytes)>(StringComparer.Ordinal);
        var all = (Files: 0L, Bytes: 0L);
        await foreach (var entry in FilesAsync(context))
        {
            var slash = entry.Name.IndexOf('/', StringComparison.Ordinal);
            var size = entry.Size ?? 0;
            all = (all.Files + 1, all.Bytes + size);
            if (slash <= 0) continue;
            var folder = entry.Name[..(slash + 1)];
            var sum = folders.GetValueOrDefault(folder);
            folders[folder] = (sum.Files + 1, sum.Bytes + size);
        }

        UsageRows.Write(context, folders.Select(f => (f.Key, f.Value.Files, f.Value.Bytes)).Append((".", all.Files, all.Bytes)));
        return ExitCodes.Done;
    }

    /// <summary>
    /// The files below the place that the filter takes, or the one file that it is; in the end, how many have no size that could be summed up.
    /// </summary>
    private static async IAsyncEnumerable<DataEntry> FilesAsync(FetchContext context)
    {
        var unknown = 0L;
        await foreach (var entry in FoundAsync(context))
        {
            if (entry.Size is null) unknown++;
            yield return entry;
        }

        if (unknown > 0) context.Progress.Say($"the server does not tell the size of {Display.Count(unknown)} of the files: counted as 0");
    }

    private static async IAsyncEnumerable<DataEntry> FoundAsync(FetchContext context)
    {
        var place = context.Place(0);
        if (place.Action is not null) throw new BadUriException($"{Redacted.Of(place)}: a listing takes no action.");
        if (await context.Fetcher.InfoAsync(place, context.Ct) is { } one)
        {
            yield return one;
            yield break;
        }

        await foreach (var entry in context.Fetcher.ListAsync(place, ct: context.Ct))
            if (context.Filter.Takes(entry.Name)) yield return entry;
    }

    public static async Task<int> NcduAsync(FetchContext context)
    {
        var keep = context.Line.Has("only-file");
        // Before what may be a long listing.
        if (!keep && !IsThere()) throw Missing();
        var path = keep ? Path.GetFullPath(ListingName) : Path.Combine(Path.GetTempPath(), $"scitq-{Guid.NewGuid():N}.json");
        try
        {
            await WriteAsync(context, path);
            if (keep)
            {
                context.Io.Error.WriteLine($"wrote {path}: browse it with ncdu -f {ListingName}");
                return ExitCodes.Done;
            }

            using var ncdu = Process.Start("ncdu", ["-f", path]);
            await ncdu.WaitForExitAsync(CancellationToken.None);
            return ncdu.ExitCode == 0 ? ExitCodes.Done : ExitCodes.Failed;
        }
        catch (Win32Exception)
        {
            throw Missing();
        }
        finally
        {
            if (!keep) File.Delete(path);
        }
    }

    private static bool IsThere() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => d.Length > 0 && File.Exists(Path.Combine(d, "ncdu")));

    private static ToolException Missing() =>
        new(ExitCodes.Failed, "no_ncdu",
            "the program ncdu is not on PATH here: install it (Debian: ncdu), or take --only-file and browse the listing elsewhere");

    /// <summary>ncdu's own format: an array is a folder, its first element the folder itself.</summary>
    private static async Task WriteAsync(FetchContext context, string path)
    {
        var place = context.Place(0);
        var root = new Folder();
        await foreach (var entry in FilesAsync(context))
        {
            var parts = entry.Name.Split('/');
            var folder = root;
            foreach (var part in parts.SkipLast(1))
            {
                if (!folder.Folders.TryGetValue(part, out var next)) folder.Folders[part] = next = new Folder();
                folder = next;
            }

            folder.Files.Add((parts[^1], entry.Size ?? 0));
        }

        await using var file = File.Create(path);
        await using var json = new Utf8JsonWriter(file);
        json.WriteStartArray();
        json.WriteNumberValue(1);
        json.WriteNumberValue(0);
        json.WriteStartObject();
        json.WriteString("progname", FetchCommand.Program);
        json.WriteString("progver", typeof(Fetcher).Assembly.GetName().Version?.ToString(3) ?? "0");
        json.WriteNumber("timestamp", context.Io.Clock.GetUtcNow().ToUnixTimeSeconds());
        json.WriteEndObject();
        Write(json, root, Redacted.Of(place).TrimEnd('/'));
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Folder folder, string name)
    {
        json.WriteStartArray();
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteEndObject();
        foreach (var (sub, content) in folder.Folders) Write(json, content, ByteName.Shown(sub));
        foreach (var (file, size) in folder.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", ByteName.Shown(file));
            json.WriteNumber("asize", size);
            json.WriteNumber("dsize", size);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private sealed class Folder
    {
        public SortedDictionary<string, Folder> Folders { get; } = new(StringComparer.Ordinal);

        public List<(string Name, long Size)> Files { get; } = [];
    }
}
