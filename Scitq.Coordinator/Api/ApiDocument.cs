using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scitq.Contracts;
using Scitq.Contracts.Docker;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Api.WorkerActions;

namespace Scitq.Coordinator.Api;

/// <summary>Adds to the description of the API what no endpoint declares: the token, and that unknown members are refused.</summary>
internal static class ApiDocument
{
    private const string Bearer = "bearer";
    private static readonly OpenApiSchema Id =
        new() { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "uuid", Description = "Makes it safe to send the task again." };

    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Scitq";
            document.Info.Version = "v1";
            document.Info.Description = "Tasks, their attempts and output, batches and workers.";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "The coordinator's token." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
            foreach (var (path, item) in document.Paths)
            {
                if (!path.StartsWith("/health/", StringComparison.Ordinal) || item.Operations is not { } operations) continue;
                foreach (var operation in operations.Values) operation.Security = [];
            }

            return Task.CompletedTask;
        });
        options.CreateSchemaReferenceId = type => IsText(type.Type) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddSchemaTransformer(async (schema, context, ct) =>
        {
            var type = context.JsonTypeInfo.Type;
            Flatten(schema, type);
            if (!StrictBody.Is(type)) return;
            schema.AdditionalProperties = null;
            schema.AdditionalPropertiesAllowed = false;
            var members = schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
            if (type == typeof(TaskSpec)) members["id"] = Id;
            var beside = type == typeof(ActionBody) ? context.ApplicationServices.GetServices<TaskAction>().Select(a => a.Arguments)
                : type == typeof(WorkerActionBody) ? context.ApplicationServices.GetServices<WorkerAction>().Select(a => a.Arguments)
                : [];
            // What the actions take beside stands among these members.
            foreach (var arguments in beside.Distinct())
                foreach (var (name, member) in (await context.GetOrCreateSchemaAsync(arguments, null, ct)).Properties!) members.TryAdd(name, member);
        });
    }

    /// <summary>Types whose converters make them text, or a list of words, which the description can't see.</summary>
    private static bool IsText(Type type) => type == typeof(DataUri) || type == typeof(DockerRunOptions);

    private static void Flatten(OpenApiSchema schema, Type type)
    {
        if (type == typeof(DataUri)) schema.Type = JsonSchemaType.String;
        if (!type.IsAssignableTo(typeof(IEnumerable<DataUri>)) && type != typeof(DockerRunOptions)) return;
        schema.Type = JsonSchemaType.Array;
        schema.Items = new OpenApiSchema { Type = JsonSchemaType.String };
    }
}
