using System.Globalization;
using System.Text.Json;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Fetch;

/// <summary>The sums of du in the format that is asked for.</summary>
internal static class UsageRows
{
    public static void Write(FetchContext context, IEnumerable<(string Folder, long Files, long Bytes)> rows)
    {
        var writer = context.Io.Out;
        var json = rows.Select(r => JsonSerializer.Serialize(r.Folder) is var name
            ? string.Create(CultureInfo.InvariantCulture, $"{{\"folder\":{name},\"files\":{r.Files},\"bytes\":{r.Bytes}}}")
            : "");
        switch (context.Format)
        {
            case Format.Json:
                writer.Write($"[{string.Join(",\n", json)}]\n");
                break;
            case Format.Jsonl:
                foreach (var line in json) writer.Write(line + "\n");
                break;
            case Format.Csv:
                if (!context.Line.Has("no-header")) writer.Write("bytes,files,folder\n");
                foreach (var (folder, files, bytes) in rows)
                    writer.Write(string.Create(CultureInfo.InvariantCulture, $"{bytes},{files},{EntryRows.Csv(folder)}\n"));
                break;
            case Format.Table:
                foreach (var (folder, files, bytes) in rows)
                    writer.Write($"{Display.Size(bytes),10}  {Display.Count(files),9} files  {Display.Clean(folder)}\n");
                break;
            default:
                foreach (var (folder, files, bytes) in rows)
                    writer.Write(string.Create(CultureInfo.InvariantCulture, $"{bytes}\t{files}\t{Display.Clean(folder)}\n"));
                break;
        }
    }
}
