using System.Text.Json;
using System.Text.Json.Nodes;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>A file of settings of the client programs.</summary>
internal static class ClientFile
{
    public const string OfMachine = "/etc/scitq/client.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The user's own; null where there is no home.</summary>
    public static string? OfUser(ToolIo io)
    {
        var home = Variable("XDG_CONFIG_HOME") ?? (Variable("HOME") is { } user ? Path.Combine(user, ".config") : null);
        return home is null ? null : Path.Combine(home, "scitq", "config.json");

        string? Variable(string name) => string.IsNullOrEmpty(io.Variable(name)) ? null : io.Variable(name);
    }

    /// <summary>The settings it holds; null where there is no such file.</summary>
    public static JsonDocument? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw new UsageException($"configuration file {path} is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"configuration file {path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Sets a member, or takes it away; the file is replaced as a whole, and for nobody else to read.</summary>
    public static void Change(string path, string name, JsonNode? value)
    {
        // Where the file is a link into somebody's collection of such files, the one that it leads to is replaced.
        var file = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        var settings = new JsonObject();
        if (File.Exists(file))
        {
            using var there = Read(file)!;
            settings = JsonObject.Create(there.RootElement.Clone())!;
            if (!IsPlain(file))
                throw new ToolException(
                    ExitCodes.Failed, "has_comments", $"configuration file {file} holds comments, which would be lost", "Change it by hand.");
        }

        if (value is null) settings.Remove(name);
        else settings[name] = value;
        var folder = Path.GetDirectoryName(file)!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SecretFile.Write(file, settings.ToJsonString(Indented) + "\n", replace: true);
    }

    private static bool IsPlain(string file)
    {
        try
        {
            JsonDocument.Parse(File.ReadAllBytes(file)).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
