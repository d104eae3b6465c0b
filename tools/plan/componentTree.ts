import { type RecordedResource, STACK_TYPE } from "../engine";

/** A component and what it directly holds. */
export interface ComponentNode {
  name: string;
  /** The last word of the type: `Prometheus` of `gpu-observability:index:Prometheus`. */
  className: string;
  /** Own resources by kind, most first. */
  kinds: { kind: string; count: number }[];
  children: ComponentNode[];
}

const className = (type: string) => type.split(":").at(-1) ?? type;

/** Custom resources keep their kind alone; everything else of a cloud keeps its package: `aws s3 Bucket`. */
function kindOf(type: string): string {
  const [pkg = "", module = ""] = type.split(":");
  if (pkg === "kubernetes") return className(type);
  return pkg === "pulumi" && module === "providers" ? `${className(type)} provider` : `${pkg} ${className(type)}`;
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** The stack as a tree of components. */
export function componentTree(resources: readonly RecordedResource[]): ComponentNode | undefined {
  const children = groupBy(resources, (resource) => resource.parent);
  const build = (resource: RecordedResource): ComponentNode => {
    const below = children.get(resource.urn) ?? [];
    // A custom resource can be a parent too; what hangs below it counts with its component.
    const own = below.filter((child) => child.custom);
    const counted = own.flatMap((child) => [child, ...(children.get(child.urn) ?? [])]);
    const kinds = [...groupBy(counted, (child) => kindOf(child.type))].map(([kind, of]) => ({
      kind,
      count: of.length,
    }));
    return {
      name: resource.name,
      className: className(resource.type),
      kinds: kinds.sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
      children: below.filter((child) => !child.custom).map(build),
    };
  };
  const stack = resources.find((resource) => resource.type === STACK_TYPE);
  return stack && build(stack);
}

/** The tree as rows, each with its depth below the stack. */
export function flatten(node: ComponentNode, depth = 0): { node: ComponentNode; depth: number }[] {
  return [{ node, depth }, ...node.children.flatMap((child) => flatten(child, depth + 1))];
}
